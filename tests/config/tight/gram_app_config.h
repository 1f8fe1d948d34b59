/* The smallest limits with metadata, and a store that holds a value or two: not a byte of the transmit buffer is to spare. */
#define GRAM_MAX_CONNECTIONS 1
#define GRAM_MAX_CONCURRENT_STREAMS 2
#define GRAM_INITIAL_WINDOW_SIZE 64
#define GRAM_MESSAGE_BUFS 1
#define GRAM_MESSAGE_SIZE 128
#define GRAM_TX_CONTROL 128
#define GRAM_TRAILERS_MAX 128
#define GRAM_TX_SIZE 480 /* GRAM_TX_CONTROL + GRAM_TRAILERS_MAX + GRAM_METADATA_SIZE + 128 */
#define GRAM_HELD_REPLIES 1
#define GRAM_REQUEST_SIZE 208 /* a question to reflection */
#define GRAM_REPLY_SIZE 128
#define GRAM_CALL_STATE 8
#define GRAM_PEER_NAME 8
#define GRAM_METADATA_SIZE 96
#define GRAM_HPACK_STORE 16
#define GRAM_INTERCEPTOR_STATE 32
