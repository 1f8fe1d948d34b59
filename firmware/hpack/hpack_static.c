/* The static table (RFC 7541 appendix A). Const: no states.
 *
 * Of its strings only the lengths are kept, for the sizes of fields (RFC 7541 4.1): values are known by their
 * index, and names by their number. A name that a peer spells out although it is in this table is recognised
 * by the vocabulary's list, not here. Values have seven lengths in all, so that an entry is one byte. */
#include "hpack_static.h"

const uint8_t gram_hpack_static_value_lengths[7] = {0, 1, 3, 4, 5, 11, 13};

/* A length's place in that list. */
#define WHICH(len) \
    ((len) == 0 ? 0 : (len) == 1 ? 1 : (len) == 3 ? 2 : (len) == 4 ? 3 : (len) == 5 ? 4 : (len) == 11 ? 5 : 6)
#define ENTRY(name, value) ((sizeof(name) - 1) | WHICH(sizeof(value) - 1) << 5)

const uint8_t gram_hpack_static_lengths[HPACK_STATIC_COUNT + 1] = {
    [1] = ENTRY(":authority", ""),
    [2] = ENTRY(":method", "GET"),
    [3] = ENTRY(":method", "POST"),
    [4] = ENTRY(":path", "/"),
    [5] = ENTRY(":path", "/index.html"),
    [6] = ENTRY(":scheme", "http"),
    [7] = ENTRY(":scheme", "https"),
    [8] = ENTRY(":status", "200"),
    [9] = ENTRY(":status", "204"),
    [10] = ENTRY(":status", "206"),
    [11] = ENTRY(":status", "304"),
    [12] = ENTRY(":status", "400"),
    [13] = ENTRY(":status", "404"),
    [14] = ENTRY(":status", "500"),
    [15] = ENTRY("accept-charset", ""),
    [16] = ENTRY("accept-encoding", "gzip, deflate"),
    [17] = ENTRY("accept-language", ""),
    [18] = ENTRY("accept-ranges", ""),
    [19] = ENTRY("accept", ""),
    [20] = ENTRY("access-control-allow-origin", ""),
    [21] = ENTRY("age", ""),
    [22] = ENTRY("allow", ""),
    [23] = ENTRY("authorization", ""),
    [24] = ENTRY("cache-control", ""),
    [25] = ENTRY("content-disposition", ""),
    [26] = ENTRY("content-encoding", ""),
    [27] = ENTRY("content-language", ""),
    [28] = ENTRY("content-length", ""),
    [29] = ENTRY("content-location", ""),
    [30] = ENTRY("content-range", ""),
    [31] = ENTRY("content-type", ""),
    [32] = ENTRY("cookie", ""),
    [33] = ENTRY("date", ""),
    [34] = ENTRY("etag", ""),
    [35] = ENTRY("expect", ""),
    [36] = ENTRY("expires", ""),
    [37] = ENTRY("from", ""),
    [38] = ENTRY("host", ""),
    [39] = ENTRY("if-match", ""),
    [40] = ENTRY("if-modified-since", ""),
    [41] = ENTRY("if-none-match", ""),
    [42] = ENTRY("if-range", ""),
    [43] = ENTRY("if-unmodified-since", ""),
    [44] = ENTRY("last-modified", ""),
    [45] = ENTRY("link", ""),
    [46] = ENTRY("location", ""),
    [47] = ENTRY("max-forwards", ""),
    [48] = ENTRY("proxy-authenticate", ""),
    [49] = ENTRY("proxy-authorization", ""),
    [50] = ENTRY("range", ""),
    [51] = ENTRY("referer", ""),
    [52] = ENTRY("refresh", ""),
    [53] = ENTRY("retry-after", ""),
    [54] = ENTRY("server", ""),
    [55] = ENTRY("set-cookie", ""),
    [56] = ENTRY("strict-transport-security", ""),
    [57] = ENTRY("transfer-encoding", ""),
    [58] = ENTRY("user-agent", ""),
    [59] = ENTRY("vary", ""),
    [60] = ENTRY("via", ""),
    [61] = ENTRY("www-authenticate", ""),
};

unsigned gram_hpack_static_first(unsigned index)
{
    /* Only :method (2, 3), :path (4, 5), :scheme (6, 7) and :status (8..14) have more than one. */
    if (index < 2 || index > 14)
        return index;
    return index < 8 ? index & ~1u : 8;
}
