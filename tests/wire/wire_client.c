/* wire_client.h: nghttp2's session between lwIP's callbacks and the calls.
 *
 * Invariants: `link` is not NULL in CONNECTING, OPEN and CLOSING; a
 * link's pcb is NULL once lwIP has freed it (error callback) or was told to close it. */
#include "wire_client.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/tcp.h"
#include "wire_call.h"
#include "wire_world.h"

#define SEGMENT 400 /* so little that the server's lwIP does not tell of the new window, which would acknowledge it, too */
#define FILLER (3 * TCP_MSS + 100)

struct client_link {
    struct client *client;
    struct tcp_pcb *pcb;
    nghttp2_session *session;
    const uint8_t *unsent; /* nghttp2's, until it is asked for more */
    size_t unsent_len;
    uint8_t out[2048];
    size_t out_len;
    bool lost;
    bool half; /* requests stop half-way */
    unsigned made; /* calls on this connection */
    struct call calls[CLIENT_CALLS];
};

/* ---- nghttp2's callbacks ---- */

static struct call *call_of(struct client_link *link, int32_t stream_id)
{
    for (int i = 0; i < CLIENT_CALLS; i++) {
        if (link->calls[i].active && link->calls[i].stream_id == stream_id) {
            return &link->calls[i];
        }
    }
    return NULL;
}

/* The request's body, in DATA frames of random sizes. */
static ssize_t on_read(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t cap, uint32_t *flags,
                       nghttp2_data_source *source, void *user)
{
    struct call *call = source->ptr;
    size_t left = call->request_limit - call->request_sent;
    size_t piece = world_random(4) == 0 ? 1 + world_random((uint32_t)left + 1) : left;

    (void)session;
    (void)stream_id;
    (void)user;
    if (left == 0 && call->request_limit < call->request_len) {
        return NGHTTP2_ERR_DEFERRED;
    }
    if (piece > left) {
        piece = left;
    }
    if (piece > cap) {
        piece = cap;
    }
    memcpy(buf, call->request + call->request_sent, piece);
    call->request_sent += piece;
    if (call->request_sent == call->request_len && (piece == 0 || world_random(4) != 0)) {
        *flags |= NGHTTP2_DATA_FLAG_EOF; /* else: on an empty frame that follows */
    }
    return (ssize_t)piece;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct call *call = call_of(user, frame->hd.stream_id);
    char text[16] = "";

    (void)session;
    (void)flags;
    if (call == NULL) {
        return 0;
    }
    memcpy(text, value, value_len < sizeof text ? value_len : sizeof text - 1);
    if (name_len == 7 && memcmp(name, ":status", 7) == 0) {
        call->http_status = atoi(text);
    } else if (name_len == 11 && memcmp(name, "grpc-status", 11) == 0) {
        call->grpc_status = atoi(text);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t len, void *user)
{
    struct call *call = call_of(user, stream_id);

    (void)session;
    (void)flags;
    if (call == NULL || len > REPLY_MAX - call->reply_len) {
        world_fail("a reply that is too long, or of no call: %u bytes on stream %d", (unsigned)len,
                   (int)stream_id);
    }
    memcpy(call->reply + call->reply_len, data, len);
    call->reply_len += len;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error, void *user)
{
    struct client_link *link = user;
    struct call *call = call_of(link, stream_id);

    (void)session;
    if (call == NULL) {
        return 0;
    }
    if (link->lost) {
        return 0; /* the session is being thrown away */
    }
    if (error != NGHTTP2_NO_ERROR) { /* REFUSED_STREAM neither: no call here is more than the server allows */
        world_fail("call %u: reset with error %u", (unsigned)call->number, (unsigned)error);
    }
    call_check(call);
    call->active = false;
    link->client->answered++;
    link->client->latency += world_now() - call->begun_at;
    return 0;
}

/* The server may say goodbye to a connection that stood still too long; it may never complain of us. */
static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)session;
    (void)user;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        world_fail("GOAWAY with error %u: %.*s", (unsigned)frame->goaway.error_code,
                   (int)frame->goaway.opaque_data_len,
                   frame->goaway.opaque_data_len > 0 ? (const char *)frame->goaway.opaque_data : "");
    }
    return 0;
}

static nghttp2_session *new_session(struct client_link *link)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;

    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        world_fail("no memory");
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    if (nghttp2_session_client_new(&session, callbacks, link) != 0) {
        world_fail("no memory");
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    return session;
}

/* ---- lwIP's callbacks ---- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct client_link *link = arg;

    (void)pcb;
    (void)error;
    link->client->state = CLIENT_OPEN;
    return ERR_OK;
}

static void forget_pcb(struct client_link *link)
{
    tcp_arg(link->pcb, NULL);
    tcp_recv(link->pcb, NULL);
    tcp_err(link->pcb, NULL);
    link->pcb = NULL;
}

/* The pcb is gone already. */
static void on_error(void *arg, err_t error)
{
    struct client_link *link = arg;

    (void)error;
    link->pcb = NULL;
    link->lost = true;
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct client_link *link = arg;

    (void)error;
    if (p == NULL) { /* the server has closed */
        forget_pcb(link);
        link->lost = true;
        if (tcp_close(pcb) != ERR_OK) {
            tcp_abort(pcb);
            return ERR_ABRT;
        }
        return ERR_OK;
    }
    for (const struct pbuf *q = p; q != NULL; q = q->next) {
        ssize_t taken = nghttp2_session_mem_recv(link->session, q->payload, q->len);

        if (taken != (ssize_t)q->len) {
            world_fail("the server's bytes are not HTTP/2: %s", nghttp2_strerror((int)taken));
        }
    }
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

/* ---- connecting, sending ---- */

static void connect_to_server(struct client *client)
{
    struct client_link *link = calloc(1, sizeof *link);

    if (link == NULL) {
        world_fail("no memory");
    }
    link->client = client;
    link->session = new_session(link);
    link->pcb = tcp_new();
    if (link->pcb == NULL || tcp_bind(link->pcb, &world_client, 0) != ERR_OK) {
        world_fail("lwIP has no pcb for a client");
    }
    tcp_arg(link->pcb, link);
    tcp_recv(link->pcb, on_received);
    tcp_err(link->pcb, on_error);
    tcp_nagle_disable(link->pcb);
    ip_set_option(link->pcb, SOF_KEEPALIVE); /* the server's last word may be lost as well */
    if (tcp_connect(link->pcb, &world_server, WORLD_PORT, on_connected) != ERR_OK) {
        world_fail("tcp_connect");
    }
    client->link = link;
    client->state = CLIENT_CONNECTING;
}

static void throw_away(struct client *client)
{
    struct client_link *link = client->link;

    link->lost = true;
    nghttp2_session_del(link->session);
    free(link);
    client->link = NULL;
}

static void submit(struct client_link *link, struct call *call)
{
    const char *path = call_path(call);
    uint8_t filler[FILLER];
    nghttp2_data_provider body = {.source = {.ptr = call}, .read_callback = on_read};
#define BYTES(s) (uint8_t *)(uintptr_t)(s)
#define FIELD(n, v) {BYTES(n), BYTES(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE}
    nghttp2_nv fields[] = {
        FIELD(":method", "POST"),
        FIELD(":scheme", "http"),
        FIELD(":path", path),
        FIELD(":authority", "10.0.0.1"),
        FIELD("te", "trailers"),
        FIELD("content-type", "application/grpc"),
        FIELD("user-agent", "wire-test/1"),
        {BYTES("filler"), filler, 6, sizeof filler, NGHTTP2_NV_FLAG_NO_INDEX},
    };
    size_t count = sizeof fields / sizeof fields[0] - (link->client->by_segments ? 0 : 1);
#undef FIELD
#undef BYTES

    memset(filler, '~', sizeof filler); /* Huffman coding would only lengthen it */
    call_ask(call);
    call->request_limit = link->half ? call->request_len / 2 : call->request_len;
    call->begun_at = world_now();
    call->active = true;
    call->stream_id = nghttp2_submit_request(link->session, NULL, fields, count, &body, NULL);
    if (call->stream_id < 0) {
        world_fail("nghttp2_submit_request: %s", nghttp2_strerror(call->stream_id));
    }
}

static bool may_begin(const struct client *client)
{
    return client->begun < client->share && client->link->made < CLIENT_CALLS_PER_CONNECTION &&
           (client->spacing == 0 || world_now() - client->begun_at >= client->spacing);
}

/* Begins as many calls as there may be. Returns how many are on their way then. */
static unsigned begin_calls(struct client *client)
{
    struct client_link *link = client->link;
    unsigned active = 0;

    for (int i = 0; i < CLIENT_CALLS; i++) {
        if (!link->calls[i].active && may_begin(client)) {
            link->calls[i].number = client->begun++;
            link->made++;
            client->begun_at = world_now();
            submit(link, &link->calls[i]);
        }
        active += link->calls[i].active;
    }
    return active;
}

/* Collects what nghttp2 has to say: it speaks frame by frame, and one write for each would fill lwIP's
 * queue. */
static void fill_out(struct client_link *link)
{
    while (link->out_len < sizeof link->out) {
        size_t room = sizeof link->out - link->out_len;
        size_t piece = link->unsent_len < room ? link->unsent_len : room;

        if (link->unsent_len == 0) {
            ssize_t len = nghttp2_session_mem_send(link->session, &link->unsent);

            if (len < 0) {
                world_fail("nghttp2_session_mem_send: %s", nghttp2_strerror((int)len));
            }
            if (len == 0) {
                return;
            }
            link->unsent_len = (size_t)len;
            continue;
        }
        memcpy(link->out + link->out_len, link->unsent, piece);
        link->out_len += piece;
        link->unsent += piece;
        link->unsent_len -= piece;
    }
}

static void send_out(struct client_link *link)
{
    size_t room = tcp_sndbuf(link->pcb);
    size_t piece = link->out_len < room ? link->out_len : room;
    u8_t flags = TCP_WRITE_FLAG_COPY;

    if (link->client->by_segments && tcp_sndqueuelen(link->pcb) > 0) {
        return;
    }
    if (link->client->by_segments && piece > SEGMENT) {
        piece = SEGMENT;
        flags |= TCP_WRITE_FLAG_MORE; /* no PSH: it has more to say */
    }
    /* Without memory now: again when something has been acknowledged. */
    if (piece > 0 && tcp_write(link->pcb, link->out, (u16_t)piece, flags) == ERR_OK) {
        link->out_len -= piece;
        memmove(link->out, link->out + piece, link->out_len);
    }
    tcp_output(link->pcb);
}

/* Makes a new connection, and on it the calls that were not answered. */
static void reconnect(struct client *client)
{
    struct call calls[CLIENT_CALLS];

    memcpy(calls, client->link->calls, sizeof calls);
    throw_away(client);
    client->reconnects++;
    connect_to_server(client);
    for (int i = 0; i < CLIENT_CALLS; i++) {
        if (calls[i].active) {
            client->link->calls[i].number = calls[i].number;
            submit(client->link, &client->link->calls[i]);
        }
    }
}

/* Ends the connection in good order; the session goes in the next round, since nghttp2 may be at work in
 * this one. */
static void hang_up(struct client *client)
{
    struct tcp_pcb *pcb = client->link->pcb;

    if (pcb != NULL) {
        forget_pcb(client->link);
        if (tcp_close(pcb) != ERR_OK) {
            world_fail("tcp_close");
        }
    }
    client->state = CLIENT_CLOSING;
}

void client_reset(struct client *client, uint32_t share)
{
    memset(client, 0, sizeof *client);
    client->share = share;
}

uint32_t client_poll(struct client *client)
{
    switch (client->state) {
    case CLIENT_NONE:
        if (client->answered < client->share) {
            connect_to_server(client);
        }
        break;
    case CLIENT_CONNECTING:
    case CLIENT_OPEN:
        if (client->link->lost) {
            reconnect(client);
        } else if (client->state == CLIENT_OPEN) {
            if (begin_calls(client) == 0 && client->link->made >= CLIENT_CALLS_PER_CONNECTION) {
                hang_up(client);
                break;
            }
            fill_out(client->link);
            send_out(client->link);
        }
        break;
    case CLIENT_CLOSING:
        throw_away(client);
        client->state = CLIENT_NONE;
        break;
    case CLIENT_VANISHED:
        break;
    }
    return client->spacing != 0 && client->begun < client->share ? client->spacing : UINT32_MAX;
}

bool client_is_done(const struct client *client)
{
    return client->answered == client->share;
}

void client_close(struct client *client)
{
    client->share = client->answered;
    if (client->link != NULL) {
        hang_up(client);
    }
}

void client_vanish(struct client *client)
{
    struct tcp_pcb *pcb = client->link->pcb;

    if (pcb == NULL) {
        world_fail("a client that is to vanish has no connection");
    }
    world_cut(pcb->local_port);
    forget_pcb(client->link);
    tcp_abort(pcb);
    throw_away(client);
    client->state = CLIENT_VANISHED;
}

void client_send_half(struct client *client)
{
    client->link->half = true;
    client->share++;
}
