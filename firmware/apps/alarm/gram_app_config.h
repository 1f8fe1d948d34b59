/* What alarm needs of the limits in gram/config.h. */
#ifndef GRAM_APP_CONFIG_H
#define GRAM_APP_CONFIG_H

/* A question to reflection; an answer of reflection. */
#ifndef GRAM_REQUEST_SIZE
#define GRAM_REQUEST_SIZE 208
#endif
#ifndef GRAM_REPLY_SIZE
#define GRAM_REPLY_SIZE 80
#endif

/* A call to try, as grpcurl takes it (%s is the address): the simulator prints it when it is ready. */
#define GRAM_APP_TRY "-d '{\"every_ms\": 500, \"count\": 4}' %s alarm.Alarm/Ticks"

#endif
