/* The limits of a small board, with room for the test's connections: 4 at work, and one that is just ending
 * beside each. */
#ifndef GRAM_TARGET_CONFIG_H
#define GRAM_TARGET_CONFIG_H

#ifndef GRAM_MAX_CONNECTIONS
#define GRAM_MAX_CONNECTIONS 8
#endif
#ifndef GRAM_MESSAGE_SIZE
#define GRAM_MESSAGE_SIZE 512
#endif

#endif
