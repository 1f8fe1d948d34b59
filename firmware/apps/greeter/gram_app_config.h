/* What greeter needs of the limits in gram/config.h; what it does not say, the target says. */
#ifndef GRAM_APP_CONFIG_H
#define GRAM_APP_CONFIG_H

/* The largest structs: a question to reflection, a HelloReply. The compiler says which number is too small,
 * and what would do. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 208
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 80
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"name\": \"gram\"}' %s greet.Greeter/SayHello"

#endif
