/* Messages and nanopb: the only file of the core that knows it.
 *
 * A reply is encoded into the transmit ring. Where its largest encoding lies contiguously there, nanopb writes it itself; else, and for
 * pieces of a held reply, through a stream that skips what has gone out already and stops behind what may go now. */
#include "grpc_internal.h"

#include <string.h>

#include "be.h"
#include "pb_decode.h"
#include "pb_encode.h"

#ifdef PB_ENABLE_MALLOC
#error "nanopb must be built without PB_ENABLE_MALLOC: nothing here allocates"
#endif

/* A value that is well-formed and longer than its bound is a "string overflow", "bytes overflow" or "array overflow" to nanopb; a "varint
 * overflow" is not well-formed. */
static bool is_over_bound(const char *reason)
{
    static const char overflow[] = { 'o', 'v', 'e', 'r', 'f', 'l', 'o', 'w' };
    size_t len = strlen(reason);

    return len > sizeof overflow && reason[0] != 'v' &&
           memcmp(reason + len - sizeof overflow, overflow, sizeof overflow) == 0;
}

gram_status gram_decode(const struct pb_msgdesc_s *desc, void *message, const uint8_t *data, size_t len,
                        const char **reason)
{
    pb_istream_t stream = pb_istream_from_buffer(data, len);

    if (pb_decode(&stream, desc, message))
        return GRAM_OK;
    *reason = PB_GET_ERROR(&stream);
    return is_over_bound(*reason) ? GRAM_INVALID_ARGUMENT : GRAM_INTERNAL;
}

bool gram_encoded_size(const struct pb_msgdesc_s *desc, const void *message, size_t *len)
{
    return pb_get_encoded_size(len, desc, message);
}

/* The window of an encoding that is written: bytes [skip, skip + len), to `at` in the ring. */
struct piece {
    struct gram_h2_tx *tx;
    size_t at;
    size_t skip;
    size_t len;
};

static bool write_piece(pb_ostream_t *stream, const pb_byte_t *data, size_t n)
{
    struct piece *piece = stream->state;
    size_t skipped = n < piece->skip ? n : piece->skip;

    piece->skip -= skipped;
    data += skipped;
    n -= skipped;
    bool more = n > piece->len; /* behind the window: nanopb may stop */
    n = more ? piece->len : n;
    gram_h2_tx_put(piece->tx, piece->at, data, n);
    piece->at += n;
    piece->len -= n;
    return !more;
}

bool gram_encode_piece(const struct pb_msgdesc_s *desc, const void *message, uint32_t len, struct gram_h2_tx *tx,
                       size_t at, size_t skip, size_t n)
{
    struct piece piece = { .tx = tx, .at = at, .skip = skip, .len = n };
    pb_ostream_t stream = { .callback = write_piece, .state = &piece, .max_size = SIZE_MAX };
    uint8_t prefix[GRAM_PREFIX] = { 0 };

    gram_put_be32(prefix + 1, len);
    /* either fails, too, when it is stopped behind the window */
    if (write_piece(&stream, prefix, sizeof prefix))
        (void)pb_encode(&stream, desc, message);
    return piece.len == 0;
}

bool gram_encode_whole(const struct pb_msgdesc_s *desc, const void *message, struct gram_h2_tx *tx, size_t at,
                       size_t max, size_t *len)
{
    struct piece piece = { .tx = tx, .at = at, .len = max };
    pb_ostream_t stream = { .callback = write_piece, .state = &piece, .max_size = max };
    size_t contiguous;
    uint8_t *span = gram_h2_tx_span(tx, at, &contiguous);

    if (contiguous >= max)
        stream = pb_ostream_from_buffer(span, max);
    if (!pb_encode(&stream, desc, message))
        return false;
    *len = stream.bytes_written;
    return true;
}
