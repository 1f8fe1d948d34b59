/* What example needs of the limits in gram/config.h. */
#ifndef GRAM_APP_CONFIG_H
#define GRAM_APP_CONFIG_H

/* Chat keeps the sender whom it is to greet: 32 characters, and two flags. */
#ifndef GRAM_CALL_STATE
#define GRAM_CALL_STATE 40
#endif

/* A question to reflection; a ChatMessage. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 208
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 160
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"filename\": \"index.html\"}' %s example.FileService/CheckFile"

#endif
