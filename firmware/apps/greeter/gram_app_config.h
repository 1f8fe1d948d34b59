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

#if GRAM_RAM_KB <= 64
/* The longest request, encoded: a question to reflection with all its names at their longest, and room to say
 * of a longer one which field is too long. */
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 512
#endif
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"name\": \"gram\"}' %s greet.Greeter/SayHello"

#endif
