/* What users needs of the limits in gram/config.h. */
#ifndef GRAM_APP_CONFIG_H
#define GRAM_APP_CONFIG_H

/* A question to reflection (CreateUserRequest is smaller); a CreateUserResponse. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 208
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 240
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"id\": 1}' %s user.UserService/GetUser"

#endif
