/* What streams needs of the limits in gram/config.h. */
#ifndef GRAM_APP_CONFIG_H
#define GRAM_APP_CONFIG_H

/* A call keeps one text, of 64 characters, and where it is. */
#ifndef GRAM_CALL_STATE
#define GRAM_CALL_STATE 72
#endif

/* A question to reflection; a ConversationResponse. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 208
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 120
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"data\": \"n\"}' %s proto.StreamServer/ListValue"

#endif
