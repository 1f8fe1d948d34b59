/* A Payload's body is as long as a client wishes, and nothing but that length is kept of it: `body` in the
 * struct is the number of its bytes. One that comes is counted and skipped; one that goes out is zeros made
 * on the way, the same ones each time a reply is encoded, piece by piece. (nanopb calls this a name-bound
 * callback; proto/grpc/testing/messages.options binds it.) */
#include "gram/gram.h"
#include "grpc/testing/messages.pb.h"

#include <pb_decode.h>
#include <pb_encode.h>

static bool count_body(pb_istream_t *stream, uint32_t *body)
{
    *body = (uint32_t)stream->bytes_left;
    return pb_read(stream, NULL, stream->bytes_left);
}

static bool make_body(pb_ostream_t *stream, const pb_field_t *field, uint32_t body)
{
    static const pb_byte_t zeros[512];

    if (body == 0) {
        return true; /* proto3: an empty field is left out */
    }
    if (!pb_encode_tag_for_field(stream, field) || !pb_encode_varint(stream, body)) {
        return false;
    }
    while (body > 0) {
        uint32_t n = body < sizeof zeros ? body : (uint32_t)sizeof zeros;

        if (!pb_write(stream, zeros, n)) {
            return false;
        }
        body -= n;
    }
    return true;
}

bool interop_payload_body(pb_istream_t *istream, pb_ostream_t *ostream, const pb_field_t *field)
{
    if (istream != NULL) {
        return count_body(istream, field->pData);
    }
    return make_body(ostream, field, *(const uint32_t *)field->pData);
}
