/* The transport on lwIP's raw API: pbufs in, the connection's own transmit buffer out, through a pipe (gram_pipe.h: plaintext, or TLS).
 *
 * Output is handed to tcp_write() without a copy: the pipe keeps the bytes in place until tcp_sent() says that they are acknowledged. Input
 * that it does not take (its answers do not leave) stays in its pbufs, and with it lwIP's window: TCP holds the peer back.
 *
 * A link ties a pcb to a connection, from accept to the end of whichever ends first. A client that finds all places taken waits, with its
 * input, for WAIT_MS: mostly one is about to be free, and only the last acknowledgement is missing.
 *     tcp_err       the pcb is gone already: the connection is closed
 *     phase DONE    tcp_close(), once all is acknowledged
 *     phase DEAD    tcp_abort()
 * A callback never closes or aborts its own pcb (lwIP has rules for its answer then): gram_lwip_poll() does, or the next accept. */
#include "gram_lwip.h"

#include <stddef.h>

#include "gram/text.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"

#define WAITING 1 /* clients that wait for a place */

#if MEMP_NUM_TCP_PCB < GRAM_MAX_CONNECTIONS + WAITING
#error "MEMP_NUM_TCP_PCB (lwipopts_target.h): at least GRAM_MAX_CONNECTIONS + 1, or clients are refused that gram has room for"
#endif

#define INPUT_PBUFS 4 /* that one client may pin */
#define WAIT_MS 2000
#define LINKS (GRAM_MAX_CONNECTIONS + WAITING)
#define PROMPT 8 /* enough for a client's first flight: a ClientHello, its certificates */
#define RETRY_MS 100 /* for bytes that lwIP had no memory for */

struct link {
    struct tcp_pcb *pcb; /* NULL: the link is free */
    void *conn;          /* of the pipe; NULL: it waits for a place */
    struct gram_pipe *pipe;
    struct pbuf *input;  /* not taken yet */
    uint32_t in_flight;  /* bytes handed to lwIP, not acknowledged */
    uint32_t since;      /* when it began to wait */
    bool input_ended;    /* FIN has come, behind `input` */
    uint8_t prompt;      /* segments that may still be acknowledged at once */
};

static struct link links[LINKS]; /* lwIP is one for the program, too */

/* ---- out ---- */

/* Hands over what is to go; true if something had to stay. `flags` as tcp_write() has them. */
static bool hand_over(struct link *link, u8_t flags)
{
    const uint8_t *p;
    size_t n;
    bool wrote = false;

    while ((p = link->pipe->calls->tx_buf(link->conn, &n)) != NULL && n > 0) {
        size_t room = tcp_sndbuf(link->pcb);

        n = n < room ? n : room;
        n = n < UINT16_MAX ? n : UINT16_MAX;
        if (n == 0 || tcp_write(link->pcb, p, (u16_t)n, flags) != ERR_OK)
            break;
        link->pipe->calls->tx_taken(link->conn, n);
        link->in_flight += (uint32_t)n;
        wrote = true;
    }
    if (wrote)
        tcp_output(link->pcb);
    link->pipe->calls->tx_buf(link->conn, &n);
    return n > 0;
}

static bool send_more(struct link *link)
{
    return hand_over(link, 0);
}

/* ---- in ---- */

static void feed(struct link *link)
{
    while (link->input) {
        struct pbuf *p = link->input;
        struct pbuf *next = p->next;
        size_t taken = link->pipe->calls->rx(link->conn, p->payload, p->len);

        tcp_recved(link->pcb, (u16_t)taken);
        if (taken < p->len) {
            pbuf_remove_header(p, taken);
            return;
        }
        if (next)
            pbuf_ref(next); /* keeps the rest when its head is freed */
        pbuf_free(p);
        link->input = next;
    }
    if (link->input_ended)
        link->pipe->calls->rx_end(link->conn);
}

static void drop_input(struct link *link)
{
    if (link->input)
        pbuf_free(link->input);
    link->input = NULL;
}

/* ---- lwIP's callbacks ---- */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct link *link = arg;

    (void)err;
    gram_server_set_time(link->pipe->server, sys_now());
    /* A window counts bytes, the pool counts pbufs: a client that sends them one by one must not have them all. lwIP keeps this one, drops what
     * follows, and offers it again. */
    if (p && link->input && pbuf_clen(link->input) >= INPUT_PBUFS && !(link->conn && link->pipe->calls->rx_ready(link->conn)))
        return ERR_MEM;
    /* A client that has more to send may wait for this one's acknowledgement: TCP begins with one or a few segments (RFC 5681 3.1). lwIP would delay it
     * for 250 ms; whatever we have to send takes it along. Not for ever, since a long stream needs only half as many. */
    if (p && (p->flags & PBUF_FLAG_PUSH) == 0 && link->prompt > 0) {
        link->prompt--;
        tcp_set_flags(pcb, TF_ACK_NOW);
    }
    if (!p)
        link->input_ended = true;
    else if (link->input)
        pbuf_cat(link->input, p);
    else
        link->input = p;
    if (!link->conn)
        return ERR_OK;
    if (!p && link->input)
        link->pipe->calls->rx_ending(link->conn);
    if (!p || link->input == p || link->pipe->calls->rx_ready(link->conn))
        feed(link);
    send_more(link);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct link *link = arg;

    (void)pcb;
    gram_server_set_time(link->pipe->server, sys_now());
    link->in_flight -= len;
    link->pipe->calls->tx_acked(link->conn, len);
    feed(link);
    send_more(link);
    return ERR_OK;
}

static void on_err(void *arg, err_t err)
{
    struct link *link = arg;

    (void)err;
    link->pcb = NULL;
    drop_input(link);
    if (link->conn)
        link->pipe->calls->closed(link->conn);
}

/* ---- the end ---- */

static void unlink_pcb(struct link *link)
{
    tcp_arg(link->pcb, NULL);
    tcp_recv(link->pcb, NULL);
    tcp_sent(link->pcb, NULL);
    tcp_err(link->pcb, NULL);
    drop_input(link);
}

static void close_link(struct link *link, bool in_order)
{
    unlink_pcb(link);
    tcp_setprio(link->pcb, TCP_PRIO_MIN); /* while its FIN is on the way it is the first to go for a new client */
    if (!in_order || tcp_close(link->pcb) != ERR_OK) /* it fails when there is no memory for a FIN */
        tcp_abort(link->pcb);
    link->pcb = NULL;
    if (link->conn)
        link->pipe->calls->closed(link->conn);
}

static void close_if_over(struct link *link)
{
    enum gram_conn_phase phase = link->pipe->calls->phase(link->conn);
    size_t unsent;

    link->pipe->calls->tx_buf(link->conn, &unsent);
    if (phase == GRAM_CONN_DEAD || (phase == GRAM_CONN_DONE && unsent + link->in_flight == 0))
        close_link(link, phase == GRAM_CONN_DONE);
}

/* Connections that are over end now, so that their places are free. Last words are copied, since the buffer is lost with the connection; those
 * already under way without a copy are waited for, unless the client has left. */
static void clear_away(void)
{
    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &links[i];
        bool under_way = link->in_flight > 0;

        if (!link->pcb || !link->conn || link->pipe->calls->phase(link->conn) == GRAM_CONN_OPEN || (under_way && !link->input_ended))
            continue;
        if (!under_way)
            hand_over(link, TCP_WRITE_FLAG_COPY);
        close_link(link, link->pipe->calls->phase(link->conn) == GRAM_CONN_DONE && !under_way);
    }
}

/* ---- the beginning ---- */

static void name_of(const struct tcp_pcb *pcb, char *name, size_t size)
{
    char address[IPADDR_STRLEN_MAX];
    struct gram_text t = gram_text_in(name, size);

    ipaddr_ntoa_r(&pcb->remote_ip, address, sizeof address);
    if (IP_IS_V6(&pcb->remote_ip))
        gram_text_char(&t, '[');
    gram_text_str(&t, address);
    gram_text_str(&t, IP_IS_V6(&pcb->remote_ip) ? "]:" : ":");
    gram_text_u32(&t, pcb->remote_port);
}

static struct link *free_link(void)
{
    for (unsigned i = 0; i < LINKS; i++)
        if (!links[i].pcb)
            return &links[i];
    return NULL;
}

/* Finds a place for the client, if need be that of one that is over or idle, and takes in what it has sent already. False: there is none now. */
static bool seat(struct link *link)
{
    char name[GRAM_PEER_NAME];

    name_of(link->pcb, name, sizeof name);
    link->conn = link->pipe->calls->open(link->pipe, name);
    if (!link->conn) {
        clear_away();
        link->conn = link->pipe->calls->open(link->pipe, name);
    }
    if (!link->conn)
        return false;
    feed(link);
    send_more(link);
    return true;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct gram_pipe *pipe = arg;
    struct link *link = free_link();

    if (err != ERR_OK || !pcb || gram_server_is_ending(pipe->server))
        return ERR_MEM; /* lwIP resets it */
    if (!link) {
        gram_server_log(pipe->server, GRAM_LOG_INFO, "a client was refused: GRAM_MAX_CONNECTIONS are busy");
        return ERR_MEM;
    }
    gram_server_set_time(pipe->server, sys_now());
    *link = (struct link){ .pcb = pcb, .pipe = pipe, .since = sys_now(), .prompt = PROMPT };
    ip_set_option(pcb, SOF_KEEPALIVE); /* finds a client that vanished at rest: lwipopts.h has the times */
    tcp_nagle_disable(pcb); /* whole answers are written at once: waiting would only add a round trip */
    tcp_arg(pcb, link);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_err);
    seat(link);
    return ERR_OK;
}

bool gram_lwip_listen(struct gram_pipe *pipe, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    struct tcp_pcb *listener;

    if (!pcb)
        return false;
    if (tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK || !(listener = tcp_listen(pcb))) {
        tcp_close(pcb);
        return false;
    }
    tcp_arg(listener, pipe);
    tcp_accept(listener, on_accept);
    return true;
}

/* ---- each round ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A client that waits: is there a place now, or has it waited long enough? Returns when to look again. */
static uint32_t wait_on(struct link *link)
{
    bool ending = gram_server_is_ending(link->pipe->server);

    if (!link->input_ended && !ending && sys_now() - link->since < WAIT_MS)
        return seat(link) ? 0 : RETRY_MS;
    if (!ending)
        gram_server_log(link->pipe->server, GRAM_LOG_INFO, "a client was refused: GRAM_MAX_CONNECTIONS are busy");
    close_link(link, false);
    return GRAM_FOREVER;
}

static uint32_t serve(struct link *link)
{
    uint32_t next = link->pipe->calls->poll(link->conn, sys_now());

    if (link->input && link->pipe->calls->rx_ready(link->conn)) {
        feed(link);
        next = 0; /* the pipe may want another round after it */
    }
    if (send_more(link) && link->in_flight == 0)
        next = least(next, RETRY_MS); /* no acknowledgement will come to bring us back */
    close_if_over(link);
    return link->pcb ? next : 0; /* a place is free: somebody may wait for it */
}

uint32_t gram_lwip_poll(gram_server *server)
{
    uint32_t next = gram_server_poll(server, sys_now());

    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &links[i];

        if (link->pcb && link->pipe->server == server)
            next = least(next, link->conn ? serve(link) : wait_on(link));
    }
    return next;
}
