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

/* The longest details: of a BadRequest with two fields; with AUTH=1 beside a user's name, a request id both ways and a version. */
#ifndef GRAM_METADATA_SIZE
#ifdef USERS_AUTH
#define GRAM_METADATA_SIZE 448
#else
#define GRAM_METADATA_SIZE 256
#endif
#endif

/* A request id's. */
#ifdef USERS_AUTH
#ifndef GRAM_INTERCEPTOR_STATE
#define GRAM_INTERCEPTOR_STATE 8
#endif
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#ifdef USERS_AUTH
#define GRAM_APP_TRY "-H 'authorization: Bearer reader-demo' -d '{\"id\": 1}' %s user.UserService/GetUser"
#else
#define GRAM_APP_TRY "-d '{\"id\": 1}' %s user.UserService/GetUser"
#endif

#endif
