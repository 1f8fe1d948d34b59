/* The transport on lwIP's raw API: pbufs in, the connection's own transmit buffer out.
 *
 * Output is handed to tcp_write() without a copy: gram keeps the bytes in place until tcp_sent() says that they are acknowledged. Input
 * that the core does not take (its answers do not leave) stays in its pbufs, and with it lwIP's window: TCP holds the peer back.
 *
 * A link ties a pcb to a connection, from accept to the end of whichever ends first:
 *     tcp_err       the pcb is gone already: the connection is closed
 *     phase DONE    tcp_close(), once all is acknowledged
 *     phase DEAD    tcp_abort()
 * A callback never closes or aborts its own pcb (lwIP has rules for its answer then): gram_lwip_poll() does, or the next accept. */
#include "gram_lwip.h"

#include <stddef.h>

#include "gram/text.h"
#include "gram/transport.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"

#if MEMP_NUM_TCP_PCB < GRAM_MAX_CONNECTIONS
#error "MEMP_NUM_TCP_PCB (lwipopts_target.h): at least GRAM_MAX_CONNECTIONS, or clients are refused that gram has room for"
#endif

#define RETRY_MS 100 /* for bytes that lwIP had no memory for */

struct link {
    struct tcp_pcb *pcb; /* NULL: the link is free */
    gram_conn *conn;
    gram_server *server;
    struct pbuf *input;  /* not taken yet */
    uint32_t in_flight;  /* bytes handed to lwIP, not acknowledged */
    bool input_ended;    /* FIN has come, behind `input` */
};

static struct link links[GRAM_MAX_CONNECTIONS]; /* lwIP is one for the program, too */

/* ---- out ---- */

/* Hands over what is to go; true if something had to stay. */
static bool send_more(struct link *link)
{
    const uint8_t *p;
    size_t n;
    bool wrote = false;

    while ((p = gram_conn_tx_buf(link->conn, &n)) != NULL && n > 0) {
        size_t room = tcp_sndbuf(link->pcb);

        n = n < room ? n : room;
        n = n < UINT16_MAX ? n : UINT16_MAX;
        if (n == 0 || tcp_write(link->pcb, p, (u16_t)n, 0) != ERR_OK)
            break;
        gram_conn_tx_taken(link->conn, n);
        link->in_flight += (uint32_t)n;
        wrote = true;
    }
    if (wrote)
        tcp_output(link->pcb);
    return n > 0;
}

/* ---- in ---- */

static void feed(struct link *link)
{
    while (link->input) {
        struct pbuf *p = link->input;
        struct pbuf *next = p->next;
        size_t taken = gram_conn_rx(link->conn, p->payload, p->len);

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
        gram_conn_rx_end(link->conn);
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

    (void)pcb;
    (void)err;
    gram_server_set_time(link->server, sys_now());
    if (!p)
        link->input_ended = true;
    else if (link->input)
        pbuf_cat(link->input, p);
    else
        link->input = p;
    if (!p || link->input == p || gram_conn_rx_ready(link->conn))
        feed(link);
    send_more(link);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct link *link = arg;

    (void)pcb;
    gram_server_set_time(link->server, sys_now());
    link->in_flight -= len;
    gram_conn_tx_acked(link->conn, len);
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
    gram_conn_closed(link->conn);
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

static void close_if_over(struct link *link)
{
    enum gram_conn_phase phase = gram_conn_phase(link->conn);
    size_t unsent;

    gram_conn_tx_buf(link->conn, &unsent);
    if (phase == GRAM_CONN_OPEN || (phase == GRAM_CONN_DONE && unsent + link->in_flight > 0))
        return;
    unlink_pcb(link);
    if (phase == GRAM_CONN_DEAD || tcp_close(link->pcb) != ERR_OK) /* it fails when there is no memory for a FIN */
        tcp_abort(link->pcb);
    link->pcb = NULL;
    gram_conn_closed(link->conn);
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

/* A free link; one whose connection is over counts: a client that ends one and begins another must not come too early. */
static struct link *free_link(void)
{
    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        if (links[i].pcb)
            close_if_over(&links[i]);
        if (!links[i].pcb)
            return &links[i];
    }
    return NULL;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    gram_server *server = arg;
    struct link *link = free_link();
    char name[GRAM_PEER_NAME];

    if (err != ERR_OK || !pcb)
        return ERR_MEM;
    gram_server_set_time(server, sys_now());
    name_of(pcb, name, sizeof name);
    if (link)
        *link = (struct link){ .conn = gram_conn_open(server, name), .server = server };
    if (!link || !link->conn) {
        gram_server_log(server, GRAM_LOG_INFO, "a client was refused: GRAM_MAX_CONNECTIONS are here already");
        return ERR_MEM; /* lwIP resets it */
    }
    link->pcb = pcb;
    ip_set_option(pcb, SOF_KEEPALIVE); /* finds a client that vanished at rest: lwipopts.h has the times */
    tcp_nagle_disable(pcb); /* whole answers are written at once: waiting would only add a round trip */
    tcp_arg(pcb, link);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_err);
    send_more(link);
    return ERR_OK;
}

bool gram_lwip_listen(gram_server *server, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    struct tcp_pcb *listener;

    if (!pcb)
        return false;
    if (tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK || !(listener = tcp_listen(pcb))) {
        tcp_close(pcb);
        return false;
    }
    tcp_arg(listener, server);
    tcp_accept(listener, on_accept);
    return true;
}

/* ---- each round ---- */

uint32_t gram_lwip_poll(gram_server *server)
{
    uint32_t next = gram_server_poll(server, sys_now());

    for (unsigned i = 0; i < GRAM_MAX_CONNECTIONS; i++) {
        struct link *link = &links[i];

        if (!link->pcb || link->server != server)
            continue;
        if (link->input && gram_conn_rx_ready(link->conn))
            feed(link);
        if (send_more(link) && link->in_flight == 0 && next > RETRY_MS)
            next = RETRY_MS; /* no acknowledgement will come to bring us back */
        close_if_over(link);
    }
    return next;
}
