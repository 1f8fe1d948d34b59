/* A connection under TLS: records in and out, and whose turn a handshake is.
 *
 *     WAIT -> HANDSHAKE -> OPEN -> CLOSING -> (closed)          DEAD from anywhere
 *
 *     WAIT       the client is connected; its bytes stay with the transport until its turn comes: it is the longest waiting that has sent
 *                something, no other handshake goes on, the rate allows one, and the server has a place (gram_conn_open()).
 *     HANDSHAKE  a step at a time: rx() makes one when it brings what the step before missed, poll() any other. `hungry`: input is missing.
 *     OPEN       plaintext goes up as far as the core takes it, and comes down as far as the ring has room.
 *     CLOSING    close_notify or an alert lies in the ring: the transport sends it and closes. Only the ring is left.
 *
 * Mbed TLS's context, its memory, and the place in the server exist in HANDSHAKE and OPEN, and in no other state: release() is the one way out of them.
 * Every call of Mbed TLS stands between enter() and leave(), so that the arena knows whose blocks are whose. Records stay in the ring
 * until they are acknowledged; one is made only where it fits whole. */
#include <string.h>

#include "gram/config.h"
#include "gram/text.h"
#include "mbedtls/platform.h"
#include "tls_internal.h"

#define RECORD_MORE 40u  /* what a record is longer than its plaintext: head 5, nonce 8, type 1, tag 16; rounded up */
#define ALERT_ROOM 40u
#define CERTIFICATE_REQUIRED 116 /* RFC 8446 6.2 */
#define LEAST_PIECE 128u /* shorter pieces wait for more room */

/* ---- records as they pass ---- */

/* Looks at `n` bytes of a stream of records; true at the end of a record's head. *used says how far it has looked. */
static bool scan(struct gram_tls_scan *s, const uint8_t *p, size_t n, size_t *used)
{
    *used = 0;
    while (*used < n) {
        if (s->left > 0) {
            size_t skip = n - *used < s->left ? n - *used : s->left;

            s->left = (uint16_t)(s->left - skip);
            *used += skip;
            continue;
        }
        s->head[s->head_len++] = p[(*used)++];
        if (s->head_len < sizeof s->head)
            continue;
        s->head_len = 0;
        s->left = (uint16_t)(s->head[3] << 8 | s->head[4]);
        return true;
    }
    return false;
}

static void look_at_input(struct gram_tls_conn *conn, const uint8_t *p, size_t n)
{
    size_t used;

    while (scan(&conn->scan_in, p, n, &used)) {
        conn->records++;
        conn->large = conn->scan_in.left > GRAM_TLS_IN + 16;
        if (conn->records == 1 && conn->scan_in.head[0] != MBEDTLS_SSL_MSG_HANDSHAKE)
            conn->not_tls = true;
        p += used;
        n -= used;
    }
}

/* Whether an alert has gone out: an encrypted one shows by its length (RFC 8446 5.2: 2 bytes, type, tag). */
static void look_at_output(struct gram_tls_conn *conn, const uint8_t *p, size_t n)
{
    size_t used;

    while (scan(&conn->scan_out, p, n, &used)) {
        uint8_t type = conn->scan_out.head[0];

        if (type == MBEDTLS_SSL_MSG_ALERT || (type == MBEDTLS_SSL_MSG_APPLICATION_DATA && conn->scan_out.left == 2 + 1 + 16))
            conn->alerted = true;
        p += used;
        n -= used;
    }
}

/* ---- what Mbed TLS reads and writes with ---- */

static int bio_recv(void *context, unsigned char *buf, size_t len)
{
    struct gram_tls_conn *conn = context;
    size_t n = len < conn->in_len ? len : conn->in_len;

    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(buf, conn->in, n);
    conn->in += n;
    conn->in_len -= n;
    conn->bytes += (uint32_t)n;
    conn->moved = true;
    look_at_input(conn, buf, n);
    return (int)n;
}

static size_t tx_room(const struct gram_tls_conn *conn)
{
    return sizeof conn->tx - conn->tx_used;
}

static int bio_send(void *context, const unsigned char *buf, size_t len)
{
    struct gram_tls_conn *conn = context;
    size_t n = len < tx_room(conn) ? len : tx_room(conn);
    size_t at = (conn->tx_start + conn->tx_used) % sizeof conn->tx;
    size_t first = n < sizeof conn->tx - at ? n : sizeof conn->tx - at;

    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    memcpy(conn->tx + at, buf, first);
    memcpy(conn->tx, buf + first, n - first);
    conn->tx_used = (uint16_t)(conn->tx_used + n);
    look_at_output(conn, buf, n);
    return (int)n;
}

static uint8_t enter(struct gram_tls_conn *conn)
{
    conn->tls->running = conn;
    return gram_tls_arena_owner(conn->number);
}

static void leave(struct gram_tls_conn *conn, uint8_t owner)
{
    conn->tls->running = NULL;
    gram_tls_arena_owner(owner);
}

/* ---- the end ---- */

static void say(struct gram_tls_conn *conn, const char *text, const char *more)
{
    char line[160];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, conn->peer);
    gram_text_str(&t, ": TLS: ");
    gram_text_str(&t, text);
    gram_text_str(&t, more);
    gram_server_log(conn->tls->pipe.server, GRAM_LOG_INFO, line);
}

static void enter_state(struct gram_tls_conn *conn, enum gram_tls_state state)
{
    conn->state = (uint8_t)state;
    conn->fresh = true;
}

/* Mbed TLS's context and the place in the server are given back. */
static void release(struct gram_tls_conn *conn)
{
    uint8_t owner;

    if (conn->core)
        gram_conn_closed(conn->core);
    conn->core = NULL;
    if (!conn->set)
        return;
    owner = enter(conn);
    mbedtls_ssl_free(&conn->ssl);
    leave(conn, owner);
    gram_tls_set_leave(conn->tls, conn->set);
    conn->set = NULL;
    memset(conn->plain, 0, sizeof conn->plain);
    conn->plain_at = conn->plain_len = 0;
}

/* Ends it now, or as soon as what lies in the ring has left. */
static void end(struct gram_tls_conn *conn)
{
    if (conn->state == GRAM_TLS_HANDSHAKE)
        conn->tls->failed++;
    release(conn);
    enter_state(conn, conn->tx_used > 0 ? GRAM_TLS_CLOSING : GRAM_TLS_DEAD);
}

static void alert(struct gram_tls_conn *conn, uint8_t description)
{
    uint8_t owner = enter(conn);

    if (!conn->alerted && tx_room(conn) >= ALERT_ROOM)
        (void)mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, description);
    leave(conn, owner);
}

static void refuse(struct gram_tls_conn *conn, uint8_t description, const char *text)
{
    say(conn, text, "");
    alert(conn, description);
    end(conn);
}

static void refuse_by_code(struct gram_tls_conn *conn, int error)
{
    char number[24];
    struct gram_text t = gram_text_in(number, sizeof number);

    gram_text_str(&t, "Mbed TLS says -0x");
    gram_text_hex(&t, (uint32_t)-error, 4);
    say(conn, conn->state == GRAM_TLS_HANDSHAKE ? "the handshake failed, " : "a record cannot be read, ", number);
    alert(conn, conn->state == GRAM_TLS_HANDSHAKE ? MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE : MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC);
    end(conn);
}

/* An error that came of memory is reported in many ways, so the arena is asked, too. */
static bool out_of_memory(int error, uint32_t refused_before)
{
    return error == MBEDTLS_ERR_SSL_ALLOC_FAILED || gram_tls_arena_refused() != refused_before;
}

/* Mbed TLS has given up: says why, here and (where it has not done so itself) to the client, and ends. */
static void give_up(struct gram_tls_conn *conn, int error, uint32_t refused_before)
{
    if (conn->no_h2) {
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL, "the client does not offer h2 by ALPN");
        return;
    }
    if (conn->not_tls) {
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "the client does not speak TLS");
        return;
    }
    if (out_of_memory(error, refused_before)) {
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, "out of memory: GRAM_TLS_ARENA is too small");
        return;
    }
    if (conn->large && (error == MBEDTLS_ERR_SSL_INVALID_RECORD || error == MBEDTLS_ERR_SSL_BAD_INPUT_DATA ||
                        error == MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL)) {
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW, "the client sends records longer than GRAM_TLS_IN");
        return;
    }
    switch (error) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        conn->alerted = true; /* it has been said */
        refuse(conn, 0, "the client refuses us: does it know our CA, and our name?");
        return;
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "the client speaks no version of TLS that is offered");
        return;
    default:
        refuse_by_code(conn, error);
    }
}

/* ---- open: in ---- */

/* Hands plaintext to the core; false: it does not take all of it now. */
static bool deliver(struct gram_tls_conn *conn)
{
    size_t left = (size_t)(conn->plain_len - conn->plain_at);

    if (left > 0)
        conn->plain_at = (uint16_t)(conn->plain_at + gram_conn_rx(conn->core, conn->plain + conn->plain_at, left));
    return conn->plain_at == conn->plain_len && gram_conn_rx_ready(conn->core);
}

static void client_ends(struct gram_tls_conn *conn)
{
    conn->peer_closed = true;
    gram_conn_rx_end(conn->core);
}

/* Decrypts what was offered, record by record, as far as the core takes it. */
static void read_records(struct gram_tls_conn *conn)
{
    while (!conn->peer_closed && gram_conn_phase(conn->core) == GRAM_CONN_OPEN && deliver(conn)) {
        uint32_t refused = gram_tls_arena_refused();
        size_t offered = conn->in_len;
        uint8_t owner = enter(conn);
        int n = mbedtls_ssl_read(&conn->ssl, conn->plain, sizeof conn->plain);

        leave(conn, owner);
        conn->plain_at = 0;
        conn->plain_len = n > 0 ? (uint16_t)n : 0;
        if (n > 0 || (n == MBEDTLS_ERR_SSL_WANT_READ && conn->in_len < offered && conn->in_len > 0)) /* it may say so between records */
            continue;
        if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE)
            return;
        if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            client_ends(conn);
        else
            give_up(conn, n, refused);
        return;
    }
}

/* ---- open: out ---- */

/* How much of `n` bytes becomes a record now; 0: it waits for room. */
static size_t piece_of(const struct gram_tls_conn *conn, size_t n)
{
    size_t room = tx_room(conn) < RECORD_MORE ? 0 : tx_room(conn) - RECORD_MORE;

    if (room < n && room < LEAST_PIECE)
        return 0;
    n = n < room ? n : room;
    return n < GRAM_TLS_OUT ? n : GRAM_TLS_OUT;
}

/* The core has said its last word: so do we. */
static void close_in_order(struct gram_tls_conn *conn)
{
    uint8_t owner;

    if (tx_room(conn) < ALERT_ROOM)
        return;
    owner = enter(conn);
    (void)mbedtls_ssl_close_notify(&conn->ssl);
    leave(conn, owner);
    end(conn);
}

/* Makes records of what the core has to send. */
static void write_records(struct gram_tls_conn *conn)
{
    const uint8_t *p;
    size_t n = 0;

    while ((p = gram_conn_tx_buf(conn->core, &n)) != NULL && n > 0) {
        uint32_t refused = gram_tls_arena_refused();
        size_t piece = piece_of(conn, n);
        uint8_t owner;
        int written;

        if (piece == 0)
            break;
        owner = enter(conn);
        written = mbedtls_ssl_write(&conn->ssl, p, piece);
        leave(conn, owner);
        if (written <= 0) {
            give_up(conn, written, refused);
            return;
        }
        gram_conn_tx_taken(conn->core, (size_t)written);
        gram_conn_tx_acked(conn->core, (size_t)written);
    }
    switch (gram_conn_phase(conn->core)) {
    case GRAM_CONN_OPEN:
        return;
    case GRAM_CONN_DONE:
        if (n == 0)
            close_in_order(conn);
        return;
    case GRAM_CONN_DEAD:
        release(conn);
        enter_state(conn, GRAM_TLS_DEAD);
    }
}

static void serve_open(struct gram_tls_conn *conn)
{
    read_records(conn);
    if (conn->state == GRAM_TLS_OPEN)
        write_records(conn);
}

/* ---- the handshake ---- */

/* A client's certificate that is not good, or (RFC 8446 6.2, RFC 5246 7.4.6) is missing. */
static void refuse_certificate(struct gram_tls_conn *conn, uint32_t flags)
{
    bool missing = (flags & (MBEDTLS_X509_BADCERT_MISSING | MBEDTLS_X509_BADCERT_SKIP_VERIFY)) != 0;
    uint8_t description = mbedtls_ssl_get_version_number(&conn->ssl) == MBEDTLS_SSL_VERSION_TLS1_3 ? CERTIFICATE_REQUIRED
                                                                                                    : MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
    const char *text = missing ? "it shows no certificate" : gram_tls_verdict(flags, &description);

    say(conn, "the client is refused: ", text);
    alert(conn, description);
    end(conn);
}

/* Mbed TLS lets every client through, with and without certificate, good or bad (tls_server.c); here it is decided. `identified` comes from a
 * certificate that was shown and whose key was proved, or from a ticket that the handshake has accepted. */
static bool certificate_is_good(struct gram_tls_conn *conn)
{
    bool required = conn->tls->client_auth == GRAM_TLS_CLIENT_REQUIRED;
    bool over = mbedtls_ssl_is_handshake_over(&conn->ssl);
    uint32_t flags;

    if (conn->resumed || conn->tls->client_auth == GRAM_TLS_CLIENT_NONE)
        return !over || !required || conn->identified;
    flags = mbedtls_ssl_get_verify_result(&conn->ssl);
    if (conn->identified) /* shown: before there is a ticket for it, it is judged */
        return flags == 0;
    return !required || (!over && flags != MBEDTLS_X509_BADCERT_MISSING);
}

/* Mbed TLS would keep the client's certificate, a kilobyte; what is needed of it has been taken. */
static void drop_certificate(struct gram_tls_conn *conn)
{
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    mbedtls_ssl_session *session = conn->ssl.MBEDTLS_PRIVATE(session);
    uint8_t owner = enter(conn);

    if (session && session->MBEDTLS_PRIVATE(peer_cert)) {
        mbedtls_x509_crt_free(session->MBEDTLS_PRIVATE(peer_cert));
        mbedtls_free(session->MBEDTLS_PRIVATE(peer_cert));
        session->MBEDTLS_PRIVATE(peer_cert) = NULL;
    }
    leave(conn, owner);
#else
    (void)conn;
#endif
}

static void establish(struct gram_tls_conn *conn)
{
    drop_certificate(conn);
    conn->tls->handshakes++;
    conn->tls->resumed += conn->resumed;
    if (conn->identified) {
        conn->identity.common_name = conn->name;
        conn->identity.alt_names = conn->alt_names;
        gram_conn_set_identity(conn->core, &conn->identity);
    }
    enter_state(conn, GRAM_TLS_OPEN);
    serve_open(conn);
}

/* What has to be true after each step. False: it has been refused. */
static bool within_limits(struct gram_tls_conn *conn)
{
    if (!certificate_is_good(conn))
        refuse_certificate(conn, conn->resumed ? MBEDTLS_X509_BADCERT_MISSING : mbedtls_ssl_get_verify_result(&conn->ssl));
    else if (conn->bytes > GRAM_TLS_HANDSHAKE_BYTES)
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "the handshake has more than GRAM_TLS_HANDSHAKE_BYTES");
    else if (conn->records > GRAM_TLS_HANDSHAKE_RECORDS)
        refuse(conn, MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "the handshake has more than GRAM_TLS_HANDSHAKE_RECORDS");
    return conn->state == GRAM_TLS_HANDSHAKE;
}

/* A handshake that goes on to certificates is not a resumed one, whatever tickets were offered: nothing of theirs counts. */
static void forget_ticket(struct gram_tls_conn *conn)
{
    int state = conn->ssl.MBEDTLS_PRIVATE(state);

    if (!conn->resumed || (state != MBEDTLS_SSL_SERVER_CERTIFICATE && state != MBEDTLS_SSL_CERTIFICATE_REQUEST))
        return;
    conn->resumed = false;
    conn->identified = false;
}

#if GRAM_TLS_1_3
/* RFC 8446 A.2: behind its Finished the server seals with the application keys. Mbed TLS changes to them at the end of the handshake; an alert that
 * comes before (about the client's certificate) would be one that no client can read. The change at the end finds nothing sent since. */
static void change_keys(struct gram_tls_conn *conn)
{
    mbedtls_ssl_context *ssl = &conn->ssl;

    if (mbedtls_ssl_get_version_number(ssl) != MBEDTLS_SSL_VERSION_TLS1_3 || !ssl->MBEDTLS_PRIVATE(transform_application))
        return;
    ssl->MBEDTLS_PRIVATE(transform_out) = ssl->MBEDTLS_PRIVATE(transform_application);
    memset(ssl->MBEDTLS_PRIVATE(cur_out_ctr), 0, sizeof ssl->MBEDTLS_PRIVATE(cur_out_ctr));
}
#endif

/* One step, with the input that was offered. Two or three scalar multiplications at most. */
static void step(struct gram_tls_conn *conn)
{
    uint32_t refused = gram_tls_arena_refused();
    uint8_t owner = enter(conn);
    int error;

    forget_ticket(conn);
#if GRAM_TLS_1_3
    bool finished = conn->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_SERVER_FINISHED;
#endif
    error = mbedtls_ssl_handshake_step(&conn->ssl);
#if GRAM_TLS_1_3
    if (finished && error == 0)
        change_keys(conn);
#endif
    leave(conn, owner);
    conn->hungry = error == MBEDTLS_ERR_SSL_WANT_READ;
    conn->blocked = error == MBEDTLS_ERR_SSL_WANT_WRITE;
    if (error != 0 && !conn->hungry && !conn->blocked)
        give_up(conn, error, refused);
    else if (within_limits(conn) && conn->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_HANDSHAKE_OVER)
        establish(conn); /* not before the tickets of TLS 1.3 have gone, too: from now on only records that fit are written */
}

static bool set_up(struct gram_tls_conn *conn)
{
    uint8_t owner = enter(conn);
    int error;

    mbedtls_ssl_init(&conn->ssl);
    conn->set = gram_tls_set_use(conn->tls);
    error = mbedtls_ssl_setup(&conn->ssl, &conn->set->conf);
    leave(conn, owner);
    if (error != 0)
        return false;
    mbedtls_ssl_set_user_data_p(&conn->ssl, conn);
    mbedtls_ssl_set_bio(&conn->ssl, conn, bio_send, bio_recv, NULL);
    return true;
}

/* ---- whose turn it is ---- */

static void refill(struct gram_tls *tls)
{
    uint32_t most = GRAM_TLS_HANDSHAKE_BURST * 1000u;
    uint32_t ms = tls->now - tls->tokens_at;

    tls->tokens_at = tls->now;
    ms = ms < 60000 ? ms : 60000;
    tls->tokens += ms * GRAM_TLS_HANDSHAKES_PER_SECOND;
    tls->tokens = tls->tokens < most ? tls->tokens : most;
}

/* Whether it is the next, and a handshake may begin. */
static bool is_next(const struct gram_tls_conn *conn)
{
    unsigned handshaking = 0;

    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++) {
        const struct gram_tls_conn *other = &conn->tls->conns[i];

        if (!other->tls)
            continue;
        handshaking += other->state == GRAM_TLS_HANDSHAKE;
        if (other->state == GRAM_TLS_WAIT && other->offered && (int32_t)(other->turn - conn->turn) < 0)
            return false;
    }
    return conn->offered && handshaking < GRAM_TLS_HANDSHAKES;
}

static bool others_wait(const struct gram_tls *tls)
{
    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++)
        if (tls->conns[i].tls && tls->conns[i].state == GRAM_TLS_WAIT && tls->conns[i].offered)
            return true;
    return false;
}

static bool is_full(const struct gram_tls *tls)
{
    for (unsigned i = 0; i < GRAM_TLS_CONNECTIONS; i++)
        if (!tls->conns[i].tls)
            return false;
    return true;
}

#define SOON_MS 10u

static uint32_t left_of(uint32_t now, uint32_t begun, uint32_t limit)
{
    return now - begun < limit ? limit - (now - begun) : 0;
}

static uint32_t poll_wait(struct gram_tls_conn *conn)
{
    struct gram_tls *tls = conn->tls;
    uint32_t limit = conn->offered ? GRAM_TLS_WAIT_MS : is_full(tls) ? GRAM_TLS_SILENCE_MS : GRAM_TLS_HANDSHAKE_MS;
    uint32_t left = left_of(tls->now, conn->begun, limit);

    if (left == 0 || gram_server_is_ending(tls->pipe.server)) {
        if (left == 0 && conn->offered)
            say(conn, "its turn did not come: all connections are busy, or too many clients come", "");
        enter_state(conn, GRAM_TLS_DEAD);
        return 0;
    }
    if (!is_next(conn))
        return left;
    if (tls->tokens < 1000)
        return SOON_MS;
    conn->core = gram_conn_open(tls->pipe.server, conn->peer);
    if (!conn->core)
        return SOON_MS; /* one that is idle may be giving way */
    tls->tokens -= 1000;
    enter_state(conn, GRAM_TLS_HANDSHAKE);
    if (!set_up(conn)) {
        say(conn, "out of memory: GRAM_TLS_ARENA is too small", "");
        end(conn);
    }
    return 0;
}

static uint32_t poll_handshake(struct gram_tls_conn *conn)
{
    const struct gram_tls *tls = conn->tls;
    uint32_t left = left_of(tls->now, conn->begun, GRAM_TLS_HANDSHAKE_MS);
    uint32_t silence = left_of(tls->now, conn->since, GRAM_TLS_SILENCE_MS);

    if (gram_conn_phase(conn->core) != GRAM_CONN_OPEN) { /* the server has given it up, and said so */
        end(conn);
        return 0;
    }
    if (left == 0 || (silence == 0 && others_wait(tls))) {
        say(conn, left == 0 ? "the handshake took longer than GRAM_TLS_HANDSHAKE_MS" : "the client is silent in its handshake, others wait", "");
        end(conn);
        return 0;
    }
    if (!conn->hungry && !conn->blocked) {
        step(conn);
        return 0;
    }
    if (silence > 0 && silence < left)
        return silence;
    return left;
}

static uint32_t poll_closing(struct gram_tls_conn *conn)
{
    uint32_t left = left_of(conn->tls->now, conn->begun, GRAM_LINGER_MS);

    if (left == 0)
        enter_state(conn, GRAM_TLS_DEAD);
    return left;
}

/* ---- the pipe's calls ---- */

static void *tls_open(struct gram_pipe *pipe, const char *peer)
{
    struct gram_tls *tls = (struct gram_tls *)pipe;

    for (uint8_t i = 0; i < GRAM_TLS_CONNECTIONS; i++) {
        struct gram_tls_conn *conn = &tls->conns[i];
        struct gram_text t;

        if (conn->tls)
            continue;
        memset(conn, 0, sizeof *conn);
        conn->tls = tls;
        conn->number = (uint8_t)(i + 1);
        conn->turn = tls->turn++;
        t = gram_text_in(conn->peer, sizeof conn->peer);
        gram_text_str(&t, peer);
        enter_state(conn, GRAM_TLS_WAIT);
        return conn;
    }
    return NULL;
}

static size_t tls_rx(void *context, const uint8_t *data, size_t len)
{
    struct gram_tls_conn *conn = context;
    size_t taken;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        conn->offered = conn->offered || len > 0;
        return 0;
    case GRAM_TLS_HANDSHAKE:
    case GRAM_TLS_OPEN:
        break;
    default:
        return len;
    }
    conn->in = data;
    conn->in_len = len;
    if (conn->state == GRAM_TLS_OPEN)
        serve_open(conn);
    else if (conn->hungry)
        step(conn);
    taken = len - conn->in_len;
    conn->in = NULL;
    conn->in_len = 0;
    return taken;
}

static bool tls_rx_ready(const void *context)
{
    const struct gram_tls_conn *conn = context;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        return false;
    case GRAM_TLS_HANDSHAKE:
        return conn->hungry;
    case GRAM_TLS_OPEN:
        return conn->plain_at == conn->plain_len && gram_conn_rx_ready(conn->core);
    default:
        return true;
    }
}

/* FIN. Without a close_notify before it, somebody may have cut the client's last words off (RFC 8446 6.1): noted; HTTP/2 itself knows which
 * requests are whole. */
static void tls_rx_end(void *context)
{
    struct gram_tls_conn *conn = context;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        enter_state(conn, GRAM_TLS_DEAD);
        return;
    case GRAM_TLS_HANDSHAKE:
        say(conn, "the client left in its handshake", "");
        end(conn);
        return;
    case GRAM_TLS_OPEN:
        if (conn->peer_closed)
            return;
        conn->tls->truncated++;
        say(conn, "the client closed without close_notify", "");
        client_ends(conn);
        write_records(conn);
        return;
    default:
        return;
    }
}

static const uint8_t *tls_tx_buf(void *context, size_t *len)
{
    struct gram_tls_conn *conn = context;
    size_t at = (size_t)(conn->tx_start + conn->tx_taken) % sizeof conn->tx;
    size_t n = (size_t)(conn->tx_used - conn->tx_taken);

    *len = n < sizeof conn->tx - at ? n : sizeof conn->tx - at;
    return conn->tx + at;
}

static void tls_tx_taken(void *context, size_t len)
{
    struct gram_tls_conn *conn = context;

    conn->tx_taken = (uint16_t)(conn->tx_taken + len);
}

static void tls_tx_acked(void *context, size_t len)
{
    struct gram_tls_conn *conn = context;

    conn->tx_start = (uint16_t)((conn->tx_start + len) % sizeof conn->tx);
    conn->tx_used = (uint16_t)(conn->tx_used - len);
    conn->tx_taken = (uint16_t)(conn->tx_taken - len);
    conn->blocked = false;
    if (conn->state == GRAM_TLS_OPEN)
        serve_open(conn);
}

static enum gram_conn_phase tls_phase(const void *context)
{
    const struct gram_tls_conn *conn = context;

    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_CLOSING:
        return GRAM_CONN_DONE;
    case GRAM_TLS_DEAD:
        return GRAM_CONN_DEAD;
    default:
        return GRAM_CONN_OPEN;
    }
}

static void tls_closed(void *context)
{
    struct gram_tls_conn *conn = context;

    if (conn->state == GRAM_TLS_HANDSHAKE)
        conn->tls->failed++;
    release(conn);
    memset(conn, 0, sizeof *conn);
}

static uint32_t tls_poll(void *context, uint32_t now_ms)
{
    struct gram_tls_conn *conn = context;
    struct gram_tls *tls = conn->tls;

    tls->now = now_ms;
    refill(tls);
#if GRAM_TLS_TICKETS
    gram_tls_tickets_poll(tls);
#endif
    if (conn->fresh)
        conn->begun = conn->since = now_ms;
    conn->fresh = false;
    if (conn->moved)
        conn->since = now_ms;
    conn->moved = false;
    switch ((enum gram_tls_state)conn->state) {
    case GRAM_TLS_WAIT:
        return poll_wait(conn);
    case GRAM_TLS_HANDSHAKE:
        return poll_handshake(conn);
    case GRAM_TLS_OPEN:
        serve_open(conn);
        return GRAM_FOREVER;
    case GRAM_TLS_CLOSING:
        return poll_closing(conn);
    default:
        return GRAM_FOREVER;
    }
}

const struct gram_pipe_calls gram_tls_calls = {
    .open = tls_open,
    .rx = tls_rx,
    .rx_ready = tls_rx_ready,
    .rx_end = tls_rx_end,
    .tx_buf = tls_tx_buf,
    .tx_taken = tls_tx_taken,
    .tx_acked = tls_tx_acked,
    .phase = tls_phase,
    .closed = tls_closed,
    .poll = tls_poll,
};
