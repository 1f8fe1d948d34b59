/* HPACK (RFC 7541): the decoder of requests' header blocks, and the encoder of what a server sends.
 *
 * The decoder stores no strings. A field is turned into two numbers while its bytes stream past: what its
 * name is (8 bits) and what its value means (16 bits); the dynamic table holds these and the entry's size,
 * so that 4,096 bytes of accounting cost 5 bytes an entry. What a value means is for the layers above to
 * say, through a vocabulary.
 *
 * Names are numbered by the static table: the lowest index that has the name (RFC 7541 appendix A; `:path`
 * is 4). Names that the layers above know besides follow from GRAM_HPACK_EXTRA on. Values from the static
 * table mean their index (`:method: POST` is 3): a vocabulary uses these for the same strings when they
 * come as literals.
 *
 * A peer need not use the static table: it may spell out `content-type`. Only names that the layers above
 * list are recognised then, and the pseudo-headers, which this layer knows by itself. */
#ifndef GRAM_HPACK_H
#define GRAM_HPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/config.h"

/* ---- numbers for names and values ---- */

enum {
    GRAM_HPACK_AUTHORITY = 1,
    GRAM_HPACK_METHOD = 2,
    GRAM_HPACK_PATH = 4,
    GRAM_HPACK_SCHEME = 6,
    GRAM_HPACK_STATUS = 8,
    GRAM_HPACK_ACCEPT_CHARSET = 15,
    GRAM_HPACK_ACCEPT_ENCODING = 16,
    GRAM_HPACK_ACCEPT_LANGUAGE = 17,
    GRAM_HPACK_ACCEPT_RANGES = 18,
    GRAM_HPACK_ACCEPT = 19,
    GRAM_HPACK_ACCESS_CONTROL_ALLOW_ORIGIN = 20,
    GRAM_HPACK_AGE = 21,
    GRAM_HPACK_ALLOW = 22,
    GRAM_HPACK_AUTHORIZATION = 23,
    GRAM_HPACK_CACHE_CONTROL = 24,
    GRAM_HPACK_CONTENT_DISPOSITION = 25,
    GRAM_HPACK_CONTENT_ENCODING = 26,
    GRAM_HPACK_CONTENT_LANGUAGE = 27,
    GRAM_HPACK_CONTENT_LENGTH = 28,
    GRAM_HPACK_CONTENT_LOCATION = 29,
    GRAM_HPACK_CONTENT_RANGE = 30,
    GRAM_HPACK_CONTENT_TYPE = 31,
    GRAM_HPACK_COOKIE = 32,
    GRAM_HPACK_DATE = 33,
    GRAM_HPACK_ETAG = 34,
    GRAM_HPACK_EXPECT = 35,
    GRAM_HPACK_EXPIRES = 36,
    GRAM_HPACK_FROM = 37,
    GRAM_HPACK_HOST = 38,
    GRAM_HPACK_IF_MATCH = 39,
    GRAM_HPACK_IF_MODIFIED_SINCE = 40,
    GRAM_HPACK_IF_NONE_MATCH = 41,
    GRAM_HPACK_IF_RANGE = 42,
    GRAM_HPACK_IF_UNMODIFIED_SINCE = 43,
    GRAM_HPACK_LAST_MODIFIED = 44,
    GRAM_HPACK_LINK = 45,
    GRAM_HPACK_LOCATION = 46,
    GRAM_HPACK_MAX_FORWARDS = 47,
    GRAM_HPACK_PROXY_AUTHENTICATE = 48,
    GRAM_HPACK_PROXY_AUTHORIZATION = 49,
    GRAM_HPACK_RANGE = 50,
    GRAM_HPACK_REFERER = 51,
    GRAM_HPACK_REFRESH = 52,
    GRAM_HPACK_RETRY_AFTER = 53,
    GRAM_HPACK_SERVER = 54,
    GRAM_HPACK_SET_COOKIE = 55,
    GRAM_HPACK_STRICT_TRANSPORT_SECURITY = 56,
    GRAM_HPACK_TRANSFER_ENCODING = 57,
    GRAM_HPACK_USER_AGENT = 58,
    GRAM_HPACK_VARY = 59,
    GRAM_HPACK_VIA = 60,
    GRAM_HPACK_WWW_AUTHENTICATE = 61,
    GRAM_HPACK_EXTRA = 62,      /* the first of the layers above; the last is 252 */
    GRAM_HPACK_NAME_OTHER = 253, /* well-formed, and nobody asked for it; from here on names mean nothing */
    GRAM_HPACK_NAME_PSEUDO = 254, /* starts with a colon, and is none of the above */
    GRAM_HPACK_NAME_BAD = 255 /* no field name (RFC 9113 8.2.1): empty, upper case, control, 8-bit */
};

enum {
    GRAM_HPACK_VALUE_NONE = 0, /* nobody asked */
    GRAM_HPACK_VALUE_GET = 2,
    GRAM_HPACK_VALUE_POST = 3,
    GRAM_HPACK_VALUE_ROOT = 4, /* ":path: /" */
    GRAM_HPACK_VALUE_HTTP = 6,
    GRAM_HPACK_VALUE_HTTPS = 7,
    GRAM_HPACK_VALUE_FREE = 62, /* the first number that a vocabulary may give a meaning of its own */
    /* Not a field value (RFC 9113 8.2.1): NUL, CR, LF, white space at an end; or so says the vocabulary. */
    GRAM_HPACK_VALUE_BAD = 65535
};

/* A line of a list of names, for whoever keeps one as a table. */
struct gram_hpack_name {
    const char *name;
    uint8_t number;
};

/* What the layers above know of fields. Const, in flash; `ctx` is the connection's. */
struct gram_hpack_vocab {
    /* The names to be recognised when they are spelled out: line i of a list and its number, NULL for all past
     * the last. Lower case, no pseudo-headers; in any order, each once, and the same for the connection's life.
     * The number is GRAM_HPACK_<NAME> if there is such a constant, else from GRAM_HPACK_EXTRA on. The trap: a
     * peer may send a name of the static table by index, and it has that number then; spelled out, it has the
     * number of this list. With another number here, or without its line, a check of the name is passed by. */
    const char *(*name)(const void *ctx, unsigned i, uint8_t *number);
    /* A value of a known name begins that is not from the table. False: of no interest, it means
     * GRAM_HPACK_VALUE_NONE. */
    bool (*value_begin)(void *ctx, uint8_t name);
    /* Its bytes, in pieces. */
    void (*value_data)(void *ctx, const uint8_t *data, size_t len);
    /* It is complete: what does it mean? `kept`: the meaning goes into the table as it is, and evicted() will
     * be told of it; otherwise it is asked about once. */
    uint16_t (*value_end)(void *ctx, bool kept);
    /* An entry with a known name and this meaning leaves the table: of those kept always the one that came
     * first. Told also of GRAM_HPACK_VALUE_NONE and _BAD, which were not kept. Not told where
     * GRAM_HPACK_STORE is 0, nor when the connection ends. */
    void (*evicted)(void *ctx, uint8_t name, uint16_t value);
    /* A field of the block, in order; `size` as RFC 7541 4.1 counts it (name + value + 32). */
    void (*field)(void *ctx, uint8_t name, uint16_t value, uint32_t size);
};

/* ---- dynamic table (RFC 7541 2.3.2, 4) ---- */

/* The protocol's initial size. We never announce another, and some clients would not heed it. */
#define GRAM_HPACK_TABLE_SIZE 4096

struct gram_hpack_table {
    uint16_t size;  /* sum of the entries' sizes, <= max */
    uint16_t max;   /* set by the peer's size updates, <= GRAM_HPACK_TABLE_SIZE */
    uint8_t first;  /* slot of the newest entry */
    uint8_t count;
    uint16_t entry_size[GRAM_HPACK_ENTRIES];
    uint16_t entry_value[GRAM_HPACK_ENTRIES]; /* of unknown names: the name's length (see hpack_table.h) */
    uint8_t entry_name[GRAM_HPACK_ENTRIES];
};

/* ---- decoder ---- */

enum gram_hpack_error { /* all are COMPRESSION_ERROR to HTTP/2 (RFC 9113 4.3) */
    GRAM_HPACK_OK = 0,
    GRAM_HPACK_E_INTEGER = -1, /* more than 5 bytes after the prefix, or beyond 2^31-1 */
    GRAM_HPACK_E_INDEX = -2,   /* 0, or past the table */
    GRAM_HPACK_E_HUFFMAN = -3, /* EOS in the string, or padding that is not up to 7 one-bits */
    GRAM_HPACK_E_UPDATE = -4,  /* size update above 4096, or after a field */
    GRAM_HPACK_E_TRUNCATED = -5 /* the block ends inside a field */
};

/* Finds a string among candidates while it streams past: the state is the first candidate that begins with
 * all bytes so far. */
struct gram_hpack_match {
    uint16_t candidate; /* past the last: none does */
    uint16_t len;
};
#define GRAM_HPACK_NO_MATCH 65535
/* Candidate `i`; NULL for all past the last. There are at most 65534. */
typedef const char *gram_hpack_candidate_fn(const void *ctx, unsigned i);

void gram_hpack_match_begin(struct gram_hpack_match *m);
void gram_hpack_match_feed(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx,
                           const uint8_t *data, size_t len);
/* The candidate that equals the whole string, or GRAM_HPACK_NO_MATCH. The match is used up. */
unsigned gram_hpack_match_end(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx);

/* A Huffman-coded string being read (see hpack_huffman.c). */
struct gram_hpack_huff {
    uint8_t group; /* codes of one length: the group whose code may come next */
    uint8_t rank;  /* the bits so far, as a number among the codes of the groups from there on */
    uint8_t base;  /* symbols in the groups before */
    uint8_t spare; /* the lowest spare_count bits are read and not used yet, too few for the next group */
    uint8_t spare_count;
    uint8_t last;  /* the last byte, which may end in padding */
};

struct gram_hpack_dec {
    /* the field being read; meaningless between fields (see hpack_decoder.c) */
    uint8_t state;
    uint8_t flags;
    int8_t error;       /* the first error, for good */
    uint8_t shift;      /* of the integer's next byte */
    uint8_t name;
    uint8_t last_byte;  /* of the value so far: white space at its end is malformed */
    struct gram_hpack_huff huff;
    struct gram_hpack_match match;
    uint32_t number;    /* the integer being read, then the bytes of its string still to come */
    uint32_t len;       /* decoded bytes of the string so far */
    uint32_t name_len;
    struct gram_hpack_table table; /* last: what is at hand in a few bytes makes shorter code */
};

void gram_hpack_dec_init(struct gram_hpack_dec *dec);
/* A header block begins (HEADERS). */
void gram_hpack_dec_begin(struct gram_hpack_dec *dec);
/* The next bytes of the block's fragments, cut anywhere. An error is sticky for the connection: the tables
 * are out of step. */
enum gram_hpack_error gram_hpack_dec_feed(struct gram_hpack_dec *dec, const struct gram_hpack_vocab *vocab,
                                          void *ctx, const uint8_t *data, size_t len);
/* The block is complete (END_HEADERS). */
enum gram_hpack_error gram_hpack_dec_end(const struct gram_hpack_dec *dec);

/* ---- encoder ---- */

/* What is being written: bytes beyond `cap` are lost, never written, and `overflow` says so. A block that
 * overflowed must not be sent, and the encoder that wrote it is out of step with its peer: see to the room
 * first, or end the connection. */
struct gram_hpack_out {
    uint8_t *buf;
    size_t cap;
    size_t len;
    bool overflow;
};

/* A field worth a place in the peer's table: inserted once, one byte ever after. */
struct gram_hpack_pin {
    const char *name;
    const char *value;
    uint8_t index; /* of the name in the static table, 0 if it is not there */
};

/* The peer's table as we fill it: only pins, each at most once, so nothing is ever evicted but by a size
 * update. */
#define GRAM_HPACK_PINS 2
struct gram_hpack_enc {
    const struct gram_hpack_pin *pins; /* GRAM_HPACK_PINS of them; a table that cannot hold all holds none */
    uint16_t max;      /* the size that we told the peer we use; 4096 at first */
    uint16_t limit;    /* what the peer allows (SETTINGS_HEADER_TABLE_SIZE), capped at 4096; 0 below `need` */
    uint16_t need;     /* the size that holds all pins */
    uint16_t lowest;   /* the lowest limit since the last block: it must be told first (RFC 7541 4.2) */
    uint8_t inserted;  /* how many pins are in the table */
    uint8_t nth[GRAM_HPACK_PINS]; /* as which of them; 0: it is not there */
};

void gram_hpack_enc_init(struct gram_hpack_enc *enc, const struct gram_hpack_pin *pins);
/* The peer's SETTINGS_HEADER_TABLE_SIZE has come (and is about to be acknowledged). */
void gram_hpack_enc_limit(struct gram_hpack_enc *enc, uint32_t table_size);
/* Begins a block: writes the size updates that are due (at most 6 bytes), which every block must begin
 * with. */
void gram_hpack_enc_begin(struct gram_hpack_enc *enc, struct gram_hpack_out *out);
/* A pin: an index if it is in the table, else inserted if the table holds both, else a literal. */
void gram_hpack_enc_pin(struct gram_hpack_enc *enc, struct gram_hpack_out *out, unsigned pin);
/* A field out of the static table, by index (`:status: 200` is 8). */
void gram_hpack_enc_index(struct gram_hpack_out *out, uint8_t index);
/* A literal that is not indexed. The name by static index, or, where that is 0, by string. */
void gram_hpack_enc_literal(struct gram_hpack_out *out, uint8_t index, const char *name, const uint8_t *value,
                            size_t value_len);
/* The same with the name of a pin: by its index in the dynamic table if it is there. */
void gram_hpack_enc_pin_name(const struct gram_hpack_enc *enc, struct gram_hpack_out *out, unsigned pin,
                             const uint8_t *value, size_t value_len);

#endif
