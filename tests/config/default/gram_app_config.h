/* The tests' default configuration: config.h's own defaults, and all that can be left out. */
#ifndef GRAM_METADATA_SIZE
#define GRAM_METADATA_SIZE 256
#endif
#ifndef GRAM_INTERCEPTOR_STATE
#define GRAM_INTERCEPTOR_STATE 32
#endif
