/* The tests' default configuration: config.h's own defaults, and all that can be left out; and a third connection, since two cannot show that all
 * have their turn. */
#define GRAM_MAX_CONNECTIONS 3
#ifndef GRAM_METADATA_SIZE
#define GRAM_METADATA_SIZE 256
#endif
#ifndef GRAM_INTERCEPTOR_STATE
#define GRAM_INTERCEPTOR_STATE 32
#endif
