/* The smallest limits that config_check.h allows: whatever is done one at a time here, shows whether it waits as it should. */
#define GRAM_MAX_CONNECTIONS 1
#define GRAM_MAX_CONCURRENT_STREAMS 2
#define GRAM_INITIAL_WINDOW_SIZE 64
#define GRAM_MESSAGE_BUFS 1
#define GRAM_MESSAGE_SIZE 128
#define GRAM_TX_CONTROL 128
#define GRAM_TRAILERS_MAX 128
#define GRAM_TX_SIZE 384
#define GRAM_HELD_REPLIES 1
#define GRAM_REQUEST_SIZE 208 /* a question to reflection */
#define GRAM_REPLY_SIZE 128
#define GRAM_CALL_STATE 8
#define GRAM_PEER_NAME 8
#define GRAM_HEADER_LIST_MAX 1024
#define GRAM_HEADER_FIELDS_MAX 16
/* Times: other than the defaults, and long enough that only test_lifetime, test_shutdown and test_grace wait for them. */
#define GRAM_IDLE_MS 100000000
#define GRAM_CONNECTION_AGE_MS 400000000
#define GRAM_CONNECTION_AGE_GRACE_MS 5000
#define GRAM_GOAWAY_MS 300
#define GRAM_KEEPALIVE_MS 3600000
#define GRAM_KEEPALIVE_TIMEOUT_MS 7000
