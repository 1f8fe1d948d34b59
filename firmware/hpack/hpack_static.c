/* The static table (RFC 7541 appendix A). Const: no states.
 *
 * The names stand one after the other, found by 16-bit offsets: half of what pointers would cost. Values
 * are known by their index, so of them nothing is kept but their share in the size of the field (RFC 7541
 * 4.1). */
#include "hpack_static.h"

#include <stddef.h>
#include <stdint.h>

/* Each name once, with its first value: index, name, value. */
#define FIRST(X)                              \
    X(1, ":authority", "")                    \
    X(2, ":method", "GET")                    \
    X(4, ":path", "/")                        \
    X(6, ":scheme", "http")                   \
    X(8, ":status", "200")                    \
    X(15, "accept-charset", "")               \
    X(16, "accept-encoding", "gzip, deflate") \
    X(17, "accept-language", "")              \
    X(18, "accept-ranges", "")                \
    X(19, "accept", "")                       \
    X(20, "access-control-allow-origin", "")  \
    X(21, "age", "")                          \
    X(22, "allow", "")                        \
    X(23, "authorization", "")                \
    X(24, "cache-control", "")                \
    X(25, "content-disposition", "")          \
    X(26, "content-encoding", "")             \
    X(27, "content-language", "")             \
    X(28, "content-length", "")               \
    X(29, "content-location", "")             \
    X(30, "content-range", "")                \
    X(31, "content-type", "")                 \
    X(32, "cookie", "")                       \
    X(33, "date", "")                         \
    X(34, "etag", "")                         \
    X(35, "expect", "")                       \
    X(36, "expires", "")                      \
    X(37, "from", "")                         \
    X(38, "host", "")                         \
    X(39, "if-match", "")                     \
    X(40, "if-modified-since", "")            \
    X(41, "if-none-match", "")                \
    X(42, "if-range", "")                     \
    X(43, "if-unmodified-since", "")          \
    X(44, "last-modified", "")                \
    X(45, "link", "")                         \
    X(46, "location", "")                     \
    X(47, "max-forwards", "")                 \
    X(48, "proxy-authenticate", "")           \
    X(49, "proxy-authorization", "")          \
    X(50, "range", "")                        \
    X(51, "referer", "")                      \
    X(52, "refresh", "")                      \
    X(53, "retry-after", "")                  \
    X(54, "server", "")                       \
    X(55, "set-cookie", "")                   \
    X(56, "strict-transport-security", "")    \
    X(57, "transfer-encoding", "")            \
    X(58, "user-agent", "")                   \
    X(59, "vary", "")                         \
    X(60, "via", "")                          \
    X(61, "www-authenticate", "")

/* The names that come again: index, the name's first index, name, value. */
#define AGAIN(X)                    \
    X(3, 2, ":method", "POST")      \
    X(5, 4, ":path", "/index.html") \
    X(7, 6, ":scheme", "https")     \
    X(9, 8, ":status", "204")       \
    X(10, 8, ":status", "206")      \
    X(11, 8, ":status", "304")      \
    X(12, 8, ":status", "400")      \
    X(13, 8, ":status", "404")      \
    X(14, 8, ":status", "500")

#define MEMBER(i, name, value) char n##i[sizeof(name)];
#define TEXT(i, name, value) name,
#define OFFSET(i, name, value) [i] = offsetof(struct names, n##i),
#define OFFSET_AGAIN(i, first, name, value) [i] = offsetof(struct names, n##first),
#define SIZE(i, name, value) [i] = 32 + sizeof(name) - 1 + sizeof(value) - 1,
#define SIZE_AGAIN(i, first, name, value) SIZE(i, name, value)

struct names {
    FIRST(MEMBER)
};

static const struct names names = {FIRST(TEXT)};
static const uint16_t offset[HPACK_STATIC_COUNT + 1] = {FIRST(OFFSET) AGAIN(OFFSET_AGAIN)};
static const uint8_t size[HPACK_STATIC_COUNT + 1] = {FIRST(SIZE) AGAIN(SIZE_AGAIN)};

const char *gram_hpack_static_name(unsigned index)
{
    return (const char *)&names + offset[index];
}

unsigned gram_hpack_static_size(unsigned index)
{
    return size[index];
}
