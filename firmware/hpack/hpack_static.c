/* The static table (RFC 7541 appendix A). Const: no states.
 *
 * The names stand one after the other, NUL between them, found by 16-bit offsets: half of what pointers would cost.
 * Values are known by their index, so of them only the lengths are kept, for the size of a field (RFC 7541 4.1). */
#include "hpack_static.h"

#include <stddef.h>
#include <stdint.h>

#include "hpack.h"

/* Each name once, by the lowest index that has it. */
#define NAMES(X)                          \
    X(1, ":authority")                    \
    X(2, ":method")                       \
    X(4, ":path")                         \
    X(6, ":scheme")                       \
    X(8, ":status")                       \
    X(15, "accept-charset")               \
    X(16, "accept-encoding")              \
    X(17, "accept-language")              \
    X(18, "accept-ranges")                \
    X(19, "accept")                       \
    X(20, "access-control-allow-origin")  \
    X(21, "age")                          \
    X(22, "allow")                        \
    X(23, "authorization")                \
    X(24, "cache-control")                \
    X(25, "content-disposition")          \
    X(26, "content-encoding")             \
    X(27, "content-language")             \
    X(28, "content-length")               \
    X(29, "content-location")             \
    X(30, "content-range")                \
    X(31, "content-type")                 \
    X(32, "cookie")                       \
    X(33, "date")                         \
    X(34, "etag")                         \
    X(35, "expect")                       \
    X(36, "expires")                      \
    X(37, "from")                         \
    X(38, "host")                         \
    X(39, "if-match")                     \
    X(40, "if-modified-since")            \
    X(41, "if-none-match")                \
    X(42, "if-range")                     \
    X(43, "if-unmodified-since")          \
    X(44, "last-modified")                \
    X(45, "link")                         \
    X(46, "location")                     \
    X(47, "max-forwards")                 \
    X(48, "proxy-authenticate")           \
    X(49, "proxy-authorization")          \
    X(50, "range")                        \
    X(51, "referer")                      \
    X(52, "refresh")                      \
    X(53, "retry-after")                  \
    X(54, "server")                       \
    X(55, "set-cookie")                   \
    X(56, "strict-transport-security")    \
    X(57, "transfer-encoding")            \
    X(58, "user-agent")                   \
    X(59, "vary")                         \
    X(60, "via")                          \
    X(61, "www-authenticate")

#define MEMBER(i, s) char n##i[sizeof(s)];
#define TEXT(i, s) s,
#define OFFSET(i, s) [i] = offsetof(struct names, n##i),

struct names {
    NAMES(MEMBER)
};

static const struct names names = {NAMES(TEXT)};

/* A name ends where the offset after its own begins, so the first index that repeats a name has the offset of the next one. */
static const uint16_t offset[HPACK_STATIC_COUNT + 2] = {
    NAMES(OFFSET)
    [3] = offsetof(struct names, n4),
    [5] = offsetof(struct names, n6),
    [7] = offsetof(struct names, n8),
    [9] = offsetof(struct names, n15),
    [HPACK_STATIC_COUNT + 1] = sizeof(struct names),
};

static const uint8_t value_len[] = {
    [2] = sizeof "GET" - 1,
    [3] = sizeof "POST" - 1,
    [4] = sizeof "/" - 1,
    [5] = sizeof "/index.html" - 1,
    [6] = sizeof "http" - 1,
    [7] = sizeof "https" - 1,
    [8] = 3, [9] = 3, [10] = 3, [11] = 3, [12] = 3, [13] = 3, [14] = 3, /* a status: 200 204 206 304 400 404 500 */
    [16] = sizeof "gzip, deflate" - 1,
};

const char *gram_hpack_static_name(unsigned index)
{
    return (const char *)&names + offset[gram_hpack_static_first(index)];
}

unsigned gram_hpack_static_name_len(unsigned index)
{
    unsigned first = gram_hpack_static_first(index);
    return offset[first + 1] - offset[first] - 1u;
}

unsigned gram_hpack_static_value_len(unsigned index)
{
    return index < sizeof value_len ? value_len[index] : 0;
}
