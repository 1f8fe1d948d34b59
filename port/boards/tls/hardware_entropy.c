/* Random bytes from the board's own source: what every image has that is meant for a device. */
#include "board.h"
#include "board_tls.h"

const struct board_tls_entropy board_tls_entropy = { .fill = board_entropy };
