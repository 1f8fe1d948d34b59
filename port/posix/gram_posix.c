/* The transport on sockets: epoll tells which socket has something to read or has room again; the pipe (gram_pipe.h: plaintext, or TLS) says what is to be sent.
 *
 * A link ties a socket to a connection, from accept() to close():
 *     open       input is read while the pipe takes it; what it leaves is kept, and reading stops, until its answers have left
 *     finishing  phase DONE: everything is sent, our side is shut down; input is read and thrown away until the peer closes too, so
 *                that it gets to read what we said last (RFC 9293 3.6: data unread at close() would turn it into a reset)
 *     closed     the peer has closed, or phase DEAD
 *
 * Bytes are acknowledged to the pipe as soon as the kernel has them: it keeps its own copy. */
#define _GNU_SOURCE /* accept4 */
#include "gram_posix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 16384
#define READS_A_TURN 4
#define EVENTS 64
#define BACKLOG 128
#define WAITING 16 /* clients beyond GRAM_MAX_CONNECTIONS that may wait for their handshake; without TLS there are none */
#define LINKS (GRAM_MAX_CONNECTIONS + WAITING)

struct link {
    int fd;
    void *conn;             /* of the pipe; NULL: the link is free */
    size_t kept;            /* bytes in `input` that the pipe has not taken */
    uint32_t events;        /* what epoll is asked for */
    bool finishing;
    bool left;              /* FIN has come behind what is kept: the pipe has been told */
    uint8_t input[READ_SIZE]; /* only touched where something is kept */
};

static struct {
    int epoll, listener;
    struct gram_pipe *pipe;
    struct link links[LINKS];
    bool moved; /* the core has been told of bytes that left: when it wants to be polled may be earlier now */
    uint8_t read[READ_SIZE];
} posix = { .epoll = -1, .listener = -1 };

uint32_t gram_posix_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

/* ---- the end of a link ---- */

static void close_link(struct link *link)
{
    close(link->fd); /* epoll forgets it by that */
    posix.pipe->calls->closed(link->conn);
    link->conn = NULL;
}

/* ---- out ---- */

/* Asks epoll for what can be used: nothing is read while something is kept, but that the client leaves is worth knowing. */
static void listen_for(struct link *link, bool room)
{
    uint32_t events = (link->kept == 0 ? EPOLLIN : link->left ? 0u : (uint32_t)EPOLLRDHUP) | (room ? EPOLLOUT : 0u);
    struct epoll_event event = { .events = events, .data.ptr = link };

    if (events == link->events)
        return;
    link->events = events;
    epoll_ctl(posix.epoll, EPOLL_CTL_MOD, link->fd, &event);
}

/* Sends what there is; false when the socket is broken. */
static bool send_more(struct link *link)
{
    const uint8_t *p;
    size_t n;

    while ((p = posix.pipe->calls->tx_buf(link->conn, &n)) != NULL && n > 0) {
        ssize_t sent = send(link->fd, p, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return false;
        if (sent <= 0)
            break;
        posix.pipe->calls->tx_taken(link->conn, (size_t)sent);
        posix.pipe->calls->tx_acked(link->conn, (size_t)sent);
        posix.moved = true;
    }
    listen_for(link, n > 0);
    return true;
}

/* ---- in ---- */

/* Offers bytes to the pipe, keeps what it leaves. */
static void feed(struct link *link, const uint8_t *data, size_t len)
{
    size_t taken = posix.pipe->calls->rx(link->conn, data, len);

    memmove(link->input, data + taken, len - taken);
    link->kept = len - taken;
}

/* Reads while the socket has more, and the pipe takes it; not for ever, since others wait: epoll tells again. False at its end. */
static bool read_more(struct link *link)
{
    for (int i = 0; i < READS_A_TURN && link->kept == 0; i++) {
        ssize_t n = recv(link->fd, posix.read, sizeof posix.read, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        if (n == 0)
            return false;
        feed(link, posix.read, (size_t)n);
        if ((size_t)n < sizeof posix.read)
            return true;
    }
    return true;
}

/* ---- a round of one link ---- */

static void finish_if_over(struct link *link)
{
    size_t unsent;

    switch (posix.pipe->calls->phase(link->conn)) {
    case GRAM_CONN_OPEN:
        return;
    case GRAM_CONN_DONE:
        posix.pipe->calls->tx_buf(link->conn, &unsent);
        if (unsent == 0 && !link->finishing) {
            shutdown(link->fd, SHUT_WR);
            link->finishing = true;
        }
        return;
    case GRAM_CONN_DEAD:
        close_link(link);
        return;
    }
}

/* Sends and, where that has made room, offers again what was kept, until neither moves. */
static void serve(struct link *link)
{
    bool healthy = send_more(link);

    while (healthy && link->kept > 0 && posix.pipe->calls->rx_ready(link->conn)) {
        size_t before = link->kept;

        feed(link, link->input, before);
        healthy = send_more(link);
        if (link->kept == before)
            break;
    }
    if (!healthy)
        close_link(link);
    else
        finish_if_over(link);
}

static void on_link(struct link *link, uint32_t events)
{
    if ((events & EPOLLRDHUP) != 0 && link->kept > 0 && !link->left) {
        link->left = true;
        posix.pipe->calls->rx_ending(link->conn);
    }
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 || !read_more(link)) {
        posix.pipe->calls->rx_end(link->conn);
        send_more(link);
        close_link(link);
        return;
    }
    serve(link);
}

/* ---- the beginning ---- */

static void name_of(const struct sockaddr_storage *from, char *name, size_t size)
{
    char address[INET6_ADDRSTRLEN] = "?";
    unsigned port = 0;

    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

        inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? in6->sin6_addr.s6_addr + 12 : in6->sin6_addr.s6_addr, address,
                  sizeof address);
        port = ntohs(in6->sin6_port);
        snprintf(name, size, mapped ? "%s:%u" : "[%s]:%u", address, port);
        return;
    }
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;

        inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
        port = ntohs(in->sin_port);
    }
    snprintf(name, size, "%s:%u", address, port);
}

static struct link *free_link(void)
{
    for (unsigned i = 0; i < LINKS; i++)
        if (!posix.links[i].conn)
            return &posix.links[i];
    return NULL;
}

/* Connections that are over and have said their last word give their places. */
static void clear_away(void)
{
    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &posix.links[i];

        if (!link->conn || posix.pipe->calls->phase(link->conn) == GRAM_CONN_OPEN)
            continue;
        send_more(link);
        close_link(link);
    }
}

static void *open_conn(const struct sockaddr_storage *from)
{
    char name[GRAM_PEER_NAME];
    void *conn;

    name_of(from, name, sizeof name);
    conn = posix.pipe->calls->open(posix.pipe, name);
    if (conn)
        return conn;
    clear_away();
    return posix.pipe->calls->open(posix.pipe, name);
}

/* False: the client must be sent away. */
static bool open_link(int fd, const struct sockaddr_storage *from)
{
    struct link *link = free_link();
    void *conn = link ? open_conn(from) : NULL;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = link };
    const int on = 1;

    if (!conn)
        return false;
    link->conn = conn;
    link->fd = fd;
    link->kept = 0;
    link->events = EPOLLIN;
    link->finishing = link->left = false;
    /* Whole answers are written at once: waiting would only add a round trip. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (epoll_ctl(posix.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        posix.pipe->calls->closed(link->conn);
        link->conn = NULL;
        return false;
    }
    serve(link);
    return true;
}

static void accept_all(void)
{
    struct sockaddr_storage from = { 0 };
    socklen_t size = sizeof from;
    int fd;

    while ((fd = accept4(posix.listener, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (!open_link(fd, &from)) { /* a server that is ending has no listener any more */
            gram_server_log(posix.pipe->server, GRAM_LOG_INFO, "a client was refused: GRAM_MAX_CONNECTIONS are busy");
            close(fd);
        }
        size = sizeof from;
    }
}

static int listen_on(int family, uint16_t port)
{
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any };
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY) };
    const struct sockaddr *address = family == AF_INET6 ? (const void *)&in6 : (const void *)&in;
    socklen_t size = family == AF_INET6 ? sizeof in6 : sizeof in;
    const int on = 1, off = 0;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool gram_posix_listen(struct gram_pipe *pipe, uint16_t port)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL }; /* NULL: the listener */

    posix.pipe = pipe;
    posix.listener = listen_on(AF_INET6, port);
    if (posix.listener < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) /* a host without IPv6 */
        posix.listener = listen_on(AF_INET, port);
    if (posix.listener < 0)
        return false;
    posix.epoll = epoll_create1(EPOLL_CLOEXEC);
    return posix.epoll >= 0 && epoll_ctl(posix.epoll, EPOLL_CTL_ADD, posix.listener, &event) == 0;
}

/* ---- the loop ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Returns the milliseconds until there is something to do again. */
static uint32_t serve_all(uint32_t now)
{
    uint32_t next = GRAM_FOREVER;

    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &posix.links[i];
        size_t kept = link->kept;

        if (!link->conn)
            continue;
        next = least(next, posix.pipe->calls->poll(link->conn, now));
        serve(link);
        if (link->kept != kept)
            next = 0; /* the pipe may want another round after its input */
    }
    return next;
}

/* Whoever connects now is refused by the host, and tries elsewhere at once. */
static void stop_listening(void)
{
    if (posix.listener >= 0)
        close(posix.listener);
    posix.listener = -1;
}

void gram_posix_close(void)
{
    stop_listening();
    for (unsigned i = 0; i < LINKS; i++)
        if (posix.links[i].conn)
            close_link(&posix.links[i]);
    close(posix.epoll);
}

bool gram_posix_run(gram_server *server, const volatile sig_atomic_t *stop, const sigset_t *mask)
{
    struct epoll_event events[EVENTS];

    while (!*stop) {
        uint32_t now = gram_posix_now();
        uint32_t ms = gram_server_poll(server, now);
        bool knocks = false;

        posix.moved = false;
        ms = least(ms, serve_all(now)); /* time and wakes may have given any connection something to say */
        if (posix.moved)
            ms = 0;
        if (gram_server_is_ending(server))
            stop_listening();
        if (gram_server_is_down(server))
            break;
        int n = epoll_pwait(posix.epoll, events, EVENTS, ms > INT32_MAX ? -1 : (int)ms, mask);
        if (n < 0 && errno != EINTR)
            return false;
        gram_server_set_time(server, gram_posix_now());
        for (int i = 0; i < n; i++) {
            struct link *link = events[i].data.ptr;

            if (!link)
                knocks = true;
            else if (link->conn)
                on_link(link, events[i].events);
        }
        if (knocks && !gram_server_is_ending(server)) /* last: a link may be given to another, and what has been told above is of the one before */
            accept_all();
    }
    return true;
}
