/* A call's metadata (gram/metadata.h): one run of items in the call, in the order that they came.
 *
 *     item: tag (8 bits), length (16, little-endian), bytes
 *     tag   0 .. key_count - 1  the application's key: the value as it came, or two bytes of verdict
 *           TAG_HEADER, TAG_TRAILER   a field to be sent, encoded: an HPACK literal, which depends on no table
 *
 * Invariants: metadata_len <= GRAM_METADATA_SIZE and ends an item. The value that is being read lies behind it, and counts once it
 * is known to be well-formed. Base64 of the client's is checked before the item counts. */
#include "grpc_internal.h"

#if GRAM_METADATA_SIZE > 0

#include <string.h>

enum { ITEM_HEAD = 3, TAG_TRAILER = 254, TAG_HEADER = 255 };

struct item {
    const uint8_t *bytes;
    size_t len;
    uint8_t tag;
};

/* The item at *at, which moves on; false at the end. */
static bool next_item(const struct gram_call *call, size_t *at, struct item *item)
{
    const uint8_t *p = call->metadata + *at;

    if (*at >= call->metadata_len)
        return false;
    *item = (struct item){ .bytes = p + ITEM_HEAD, .len = p[1] | (size_t)p[2] << 8, .tag = p[0] };
    *at += ITEM_HEAD + item->len;
    return true;
}

static size_t room(const struct gram_call *call)
{
    size_t left = GRAM_METADATA_SIZE - call->metadata_len;

    return left > ITEM_HEAD ? left - ITEM_HEAD : 0;
}

/* Where the next item's bytes go. */
static uint8_t *next_bytes(struct gram_call *call)
{
    return call->metadata + call->metadata_len + ITEM_HEAD;
}

static void commit(struct gram_call *call, unsigned tag, size_t len)
{
    uint8_t *p = call->metadata + call->metadata_len;

    p[0] = (uint8_t)tag;
    p[1] = (uint8_t)len;
    p[2] = (uint8_t)(len >> 8);
    call->metadata_len = (uint16_t)(call->metadata_len + ITEM_HEAD + len);
}

/* The first fault wins. */
static void fault(struct gram_call *call, enum gram_metadata_fault what)
{
    if (call->metadata_fault == GRAM_METADATA_GOOD)
        call->metadata_fault = (uint8_t)what;
}

/* ---- keys ---- */

/* The application's key that a field's name means, or -1. */
static int key_of(const struct gram_app *app, uint8_t name)
{
    if (name >= GRAM_REQUEST_NAME_KEYS)
        return name - GRAM_REQUEST_NAME_KEYS < app->key_count ? name - GRAM_REQUEST_NAME_KEYS : -1;
    for (int i = 0; i < app->key_count; i++)
        if (app->keys[i]->number == name)
            return i;
    return -1;
}

static int index_of(const struct gram_call *call, const struct gram_key *key)
{
    const struct gram_app *app = gram_server_of(call)->app;

    for (int i = 0; i < app->key_count; i++)
        if (app->keys[i] == key)
            return i;
    return -1;
}

static bool is_binary(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && memcmp(name + len - 4, "-bin", 4) == 0;
}

const char *gram_metadata_name(const struct gram_app *app, unsigned i, uint8_t *number)
{
    if (i >= app->key_count)
        return NULL;
    *number = app->keys[i]->number > 0 ? app->keys[i]->number : (uint8_t)(GRAM_REQUEST_NAME_KEYS + i);
    return app->keys[i]->name;
}

/* ---- a value while it is read ---- */

void gram_metadata_evicted(struct gram_conn *conn, uint8_t name, uint16_t value)
{
    int key = key_of(conn->server->app, name);

    if (key < 0 || conn->server->app->keys[key]->judge || value < GRAM_HPACK_VALUE_FREE || value >= GRAM_STORE_LOST)
        return; /* a verdict; none; lost, or malformed: not in the store */
    gram_store_evict(&conn->store);
}

/* The call whose headers are being read; NULL for blocks that are only decoded to keep HPACK in step. */
static struct gram_call *reading(struct gram_conn *conn)
{
    return conn->h2.block.kind == GRAM_H2_BLOCK_REQUEST ? &conn->calls[conn->h2.block.slot] : NULL;
}

bool gram_metadata_begin(struct gram_conn *conn, uint8_t name)
{
    int key = key_of(conn->server->app, name);
    struct gram_incoming *in = &conn->incoming;

    if (key < 0)
        return false;
    *in = (struct gram_incoming){ .key = conn->server->app->keys[key] };
    if (!in->key->judge) {
        gram_store_begin(&conn->store);
        return true;
    }
    conn->judged = true; /* from here on: half a value must not be judged by what holds later */
    in->key->judge->begin(in->key->judge, in->state);
    return true;
}

void gram_metadata_data(struct gram_conn *conn, const uint8_t *data, size_t len)
{
    struct gram_incoming *in = &conn->incoming;
    struct gram_call *call = reading(conn);

    if (in->key->judge) {
        in->key->judge->data(in->key->judge, in->state, data, len);
        return;
    }
    gram_store_add(&conn->store, data, len);
    if (!call)
        return;
    if (len > room(call) - in->len) {
        fault(call, GRAM_METADATA_TOO_LONG);
        return;
    }
    if (call->metadata_fault != GRAM_METADATA_GOOD)
        return;
    memcpy(next_bytes(call) + in->len, data, len);
    in->len = (uint16_t)(in->len + len);
}

uint16_t gram_metadata_end(struct gram_conn *conn, bool kept)
{
    struct gram_incoming *in = &conn->incoming;

    in->fresh = !in->key->judge;
    if (in->key->judge) {
        uint16_t verdict = in->key->judge->end(in->key->judge, in->state);

        return (uint16_t)(GRAM_HPACK_VALUE_FREE + (verdict < GRAM_VERDICT_MAX ? verdict : GRAM_VERDICT_MAX));
    }
    return kept ? gram_store_commit(&conn->store) : GRAM_HPACK_VALUE_FREE;
}

/* A value that the client refers to: from the store to the call. Returns its length. */
static size_t recall(struct gram_call *call, uint16_t value)
{
    const struct gram_store *store = &call->conn->store;
    size_t len;

    if (value < GRAM_HPACK_VALUE_FREE) /* out of the static table: none of its values has a key */
        return 0;
    if (value == GRAM_STORE_LOST) {
        fault(call, GRAM_METADATA_NOT_STORED);
        return 0;
    }
    len = gram_store_len(store, value);
    if (len > room(call)) {
        fault(call, GRAM_METADATA_TOO_LONG);
        return 0;
    }
    gram_store_get(store, value, next_bytes(call), len);
    return len;
}

/* ---- lists: the values of a -bin key may come joined by commas ---- */

/* The part of text at *at up to a comma; *at moves behind it. False at the end. */
static bool next_part(const struct item *item, size_t *at, struct item *part)
{
    size_t from = *at, to = *at;

    if (from > item->len)
        return false;
    while (to < item->len && item->bytes[to] != ',')
        to++;
    *at = to + 1;
    while (from < to && item->bytes[from] == ' ')
        from++;
    while (to > from && item->bytes[to - 1] == ' ')
        to--;
    *part = (struct item){ .bytes = item->bytes + from, .len = to - from };
    return true;
}

static bool all_base64(const uint8_t *bytes, size_t len)
{
    const struct item item = { .bytes = bytes, .len = len };
    struct item part;

    for (size_t at = 0; next_part(&item, &at, &part);)
        if (gram_base64_decode(NULL, 0, part.bytes, part.len) < 0)
            return false;
    return true;
}

/* The value that has just been told, or that the client refers to, lies behind the items: it becomes one. */
static void keep_value(struct gram_call *call, unsigned key, size_t len)
{
    if (len == 0 && GRAM_METADATA_SIZE - call->metadata_len < ITEM_HEAD)
        fault(call, GRAM_METADATA_TOO_LONG);
    else if (is_binary(gram_server_of(call)->app->keys[key]->name) && !all_base64(next_bytes(call), len))
        fault(call, GRAM_METADATA_NOT_BASE64);
    else
        commit(call, key, len);
}

static void keep_verdict(struct gram_call *call, unsigned key, uint16_t verdict)
{
    if (call->conn->stale)
        fault(call, GRAM_METADATA_STALE);
    if (room(call) < 2) {
        fault(call, GRAM_METADATA_TOO_LONG);
        return;
    }
    next_bytes(call)[0] = (uint8_t)verdict;
    next_bytes(call)[1] = (uint8_t)(verdict >> 8);
    commit(call, key, 2);
}

void gram_metadata_field(struct gram_call *call, uint8_t name, uint16_t value)
{
    int key = key_of(gram_server_of(call)->app, name);
    struct gram_incoming *in = &call->conn->incoming;
    bool fresh = in->fresh;

    if (key < 0)
        return;
    in->fresh = false;
    if (gram_server_of(call)->app->keys[key]->judge) {
        keep_verdict(call, (unsigned)key, (uint16_t)(value - GRAM_HPACK_VALUE_FREE));
        return;
    }
    size_t len = fresh ? in->len : recall(call, value);
    if (call->metadata_fault == GRAM_METADATA_GOOD)
        keep_value(call, (unsigned)key, len);
}

gram_status gram_metadata_judge(const struct gram_call *call, const char **reason)
{
    static const char *const reasons[] = {
        [GRAM_METADATA_TOO_LONG] = "GRAM_METADATA_SIZE",
        [GRAM_METADATA_NOT_STORED] = "GRAM_HPACK_STORE",
        [GRAM_METADATA_NOT_BASE64] = "metadata is no base64",
        [GRAM_METADATA_STALE] = "verdicts have changed",
    };

    *reason = reasons[call->metadata_fault];
    switch ((enum gram_metadata_fault)call->metadata_fault) {
    case GRAM_METADATA_GOOD:
        return GRAM_OK;
    case GRAM_METADATA_NOT_BASE64:
        return GRAM_INTERNAL;
    case GRAM_METADATA_STALE:
        return GRAM_UNAVAILABLE;
    default:
        return GRAM_RESOURCE_EXHAUSTED;
    }
}

/* ---- for handlers ---- */

/* Value number `nth` of a key, as it came. */
static bool find(const struct gram_call *call, const struct gram_key *key, unsigned nth, struct item *found)
{
    int index = index_of(call, key);
    struct item item;

    for (size_t at = 0; index >= 0 && next_item(call, &at, &item);) {
        if (item.tag != index)
            continue;
        *found = item;
        if (key->judge || !is_binary(key->name)) {
            if (nth-- == 0)
                return true;
            continue;
        }
        for (size_t part = 0; next_part(&item, &part, found);)
            if (nth-- == 0)
                return true;
    }
    return false;
}

int32_t gram_call_metadata(const gram_call *call, const struct gram_key *key, unsigned nth, void *buf, size_t size)
{
    struct item item;

    if (key->judge || !find(call, key, nth, &item))
        return -1;
    if (!buf) /* asks for the length */
        size = 0;
    if (is_binary(key->name))
        return gram_base64_decode(buf, size, item.bytes, item.len);
    if (size > 0)
        memcpy(buf, item.bytes, item.len < size ? item.len : size);
    return (int32_t)item.len;
}

bool gram_call_metadata_text(const gram_call *call, const struct gram_key *key, char *buf, size_t size)
{
    int32_t len = gram_call_metadata(call, key, 0, buf, size - 1);

    buf[len < 0 ? 0 : (size_t)len < size - 1 ? (size_t)len : size - 1] = '\0';
    return len >= 0;
}

int32_t gram_call_verdict(const gram_call *call, const struct gram_key *key, unsigned nth)
{
    struct item item;

    if (!key->judge || !find(call, key, nth, &item))
        return -1;
    return item.bytes[0] | (int32_t)item.bytes[1] << 8;
}

/* ---- what is sent ---- */

static bool is_name(const char *name, bool trailer)
{
    if (strncmp(name, "grpc-", 5) == 0)
        return trailer && strcmp(name, "grpc-status-details-bin") == 0;
    if (*name == '\0')
        return false;
    for (; *name != '\0'; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '-' || *name == '_' || *name == '.'))
            return false;
    return true;
}

static bool is_text(const uint8_t *value, size_t len)
{
    if (len > 0 && (value[0] == ' ' || value[len - 1] == ' ')) /* RFC 9113 8.2.1 */
        return false;
    for (size_t i = 0; i < len; i++)
        if (value[i] < 0x20 || value[i] > 0x7e)
            return false;
    return true;
}

static bool add(struct gram_call *call, unsigned tag, const char *name, const uint8_t *data, size_t len)
{
    const uint8_t *value = data;
    size_t free = room(call);
    struct gram_hpack_out out = { .buf = next_bytes(call), .cap = free };

    if (!is_name(name, tag == TAG_TRAILER) || len > GRAM_METADATA_SIZE)
        return false;
    if (!is_binary(name)) {
        if (!is_text(value, len))
            return false;
    } else { /* base64 at the far end, then to its place */
        size_t text = (len * 4 + 2) / 3;

        if (text > free)
            return false;
        value = call->metadata + GRAM_METADATA_SIZE - text;
        len = gram_base64_encode(call->metadata + GRAM_METADATA_SIZE - text, data, len);
    }
    gram_hpack_enc_literal(&out, 0, name, value, len);
    if (out.overflow)
        return false;
    commit(call, tag, out.len);
    return true;
}

bool gram_call_header(gram_call *call, const char *name, const void *value, size_t len)
{
    if (call->headers_sent || !add(call, TAG_HEADER, name, value, len))
        return false;
    call->has_headers = true;
    return true;
}

bool gram_call_trailer(gram_call *call, const char *name, const void *value, size_t len)
{
    return add(call, TAG_TRAILER, name, value, len);
}

void gram_metadata_put(const struct gram_call *call, bool trailers, struct gram_hpack_out *out)
{
    struct item item;

    for (size_t at = 0; next_item(call, &at, &item);) {
        if (item.tag != (trailers ? TAG_TRAILER : TAG_HEADER))
            continue;
        memcpy(out->buf + out->len, item.bytes, item.len); /* their room is part of every block's */
        out->len += item.len;
    }
}

/* ---- verdicts that hold no longer ---- */

void gram_server_forget_verdicts(gram_server *server)
{
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        struct gram_conn *conn = &server->conns[i];

        if (!conn->in_use || !conn->judged)
            continue;
        conn->stale = true; /* until the GOAWAY is out, the client may still begin calls */
        for (unsigned j = 0; j < GRAM_MAX_CONCURRENT_STREAMS; j++)
            if (conn->calls[j].phase == GRAM_CALL_HEADERS || conn->calls[j].phase == GRAM_CALL_BEGIN)
                fault(&conn->calls[j], GRAM_METADATA_STALE);
        gram_conn_go_away(conn, GRAM_H2_LEAVE, "verdicts have changed", GRAM_CONNECTION_AGE_GRACE_MS);
    }
}

#endif
