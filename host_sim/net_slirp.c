/* The network inside this process: libslirp plays router, DHCP server and the other end of TCP, and
 * forwards a port of localhost to the board. The addresses are those of QEMU's user network: board
 * 10.0.2.15, host 10.0.2.2; fec0::/64.
 *
 * libslirp hands frames over from inside slirp_input(), thus from inside lwIP's output: they are queued,
 * and the main loop takes them from there. lwIP is never entered from here. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim_clock.h"
#include "sim_net.h"

#define QUEUE_FRAMES 1024 /* what libslirp may send at once: the windows of a few dozen connections */
#define TIMERS 4          /* libslirp 4.7 has one (router advertisements) */
#define BACKLOG 128

struct timer {
    SlirpTimerCb callback; /* NULL: free */
    void *opaque;
    int64_t due_ms; /* -1: not running */
};

static Slirp *slirp;
static uint16_t port;
static bool host_has_ipv6;
static bool new_listener; /* a host forward was added since the last before_poll() */
static struct timer timers[TIMERS];

static struct {
    size_t first, count;
    uint16_t len[QUEUE_FRAMES];
    uint8_t data[QUEUE_FRAMES][SIM_FRAME_MAX];
} queue;

/* ---- what libslirp calls ---- */

static ssize_t on_frame(const void *frame, size_t len, void *opaque)
{
    size_t at = (queue.first + queue.count) % QUEUE_FRAMES;

    (void)opaque;
    if (queue.count == QUEUE_FRAMES || len > SIM_FRAME_MAX) {
        return (ssize_t)len; /* dropped: TCP repeats it */
    }
    memcpy(queue.data[at], frame, len);
    queue.len[at] = (uint16_t)len;
    queue.count++;
    return (ssize_t)len;
}

/* The board sent what libslirp does not understand. With a wire that damages frames that is no news. */
static void on_guest_error(const char *message, void *opaque)
{
    (void)message;
    (void)opaque;
}

static int64_t on_clock_ns(void *opaque)
{
    (void)opaque;
    return sim_clock_ns();
}

static void *on_timer_new(SlirpTimerCb callback, void *callback_opaque, void *opaque)
{
    (void)opaque;
    for (size_t i = 0; i < TIMERS; i++) {
        if (timers[i].callback == NULL) {
            timers[i] = (struct timer){callback, callback_opaque, -1};
            return &timers[i];
        }
    }
    return NULL;
}

static void on_timer_free(void *timer, void *opaque)
{
    (void)opaque;
    if (timer != NULL) {
        ((struct timer *)timer)->callback = NULL;
    }
}

static void on_timer_mod(void *timer, int64_t due_ms, void *opaque)
{
    (void)opaque;
    if (timer != NULL) {
        ((struct timer *)timer)->due_ms = due_ms;
    }
}

static void on_poll_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void on_notify(void *opaque)
{
    (void)opaque;
}

static const SlirpCb callbacks = {
    .send_packet = on_frame,
    .guest_error = on_guest_error,
    .clock_get_ns = on_clock_ns,
    .timer_new = on_timer_new,
    .timer_free = on_timer_free,
    .timer_mod = on_timer_mod,
    .register_poll_fd = on_poll_fd,
    .unregister_poll_fd = on_poll_fd,
    .notify = on_notify,
};

/* ---- the host's port ---- */

static bool say_port_in_use(void)
{
    fprintf(stderr, "gram: port %u is in use: stop what uses it, or choose another with PORT=%u\n", port,
            port < 65535 ? port + 1U : port - 1U);
    return false;
}

static struct sockaddr_in address4(const char *text, uint16_t number)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(number)};

    inet_pton(AF_INET, text, &a.sin_addr);
    return a;
}

static struct sockaddr_in6 address6(const char *text, uint16_t number)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(number)};

    inet_pton(AF_INET6, text, &a.sin6_addr);
    return a;
}

/* Whether that address can be listened on, as libslirp will once the board has its own: 0, or an errno. */
static int probe(const void *address, socklen_t len)
{
    int family = ((const struct sockaddr *)address)->sa_family;
    int fd = socket(family, SOCK_STREAM, 0);
    int one = 1;
    int error = 0;

    if (fd < 0) {
        return errno;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, address, len) != 0 || listen(fd, 1) != 0) {
        error = errno;
    }
    close(fd);
    return error;
}

static bool probe_port(void)
{
    struct sockaddr_in v4 = address4("127.0.0.1", port);
    struct sockaddr_in6 v6 = address6("::1", port);
    int error = probe(&v4, sizeof v4);
    int error6 = probe(&v6, sizeof v6);

    /* Most clients try ::1 first for "localhost": a stranger there would answer instead of us. */
    if (error == EADDRINUSE || error6 == EADDRINUSE) {
        return say_port_in_use();
    }
    if (error != 0) {
        fprintf(stderr, "gram: cannot listen on 127.0.0.1:%u (%s): choose another port with PORT=50051\n",
                port, strerror(error));
        return false;
    }
    host_has_ipv6 = error6 == 0;
    return true;
}

static bool slirp_forward(const char *guest)
{
    struct sockaddr_in host = address4("127.0.0.1", port);
    struct sockaddr_in to = address4(guest, SIM_GUEST_PORT);

    new_listener = true;
    return slirp_add_hostfwd(slirp, 0, host.sin_addr, port, to.sin_addr, SIM_GUEST_PORT) == 0 ||
           say_port_in_use();
}

static bool slirp_forward6(const char *guest)
{
    struct sockaddr_in6 host = address6("::1", port);
    struct sockaddr_in6 to = address6(guest, SIM_GUEST_PORT);

    if (!host_has_ipv6) {
        return true;
    }
    new_listener = true;
    return slirp_add_hostxfwd(slirp, (struct sockaddr *)&host, sizeof host, (struct sockaddr *)&to, sizeof to,
                              SLIRP_HOSTFWD_V6ONLY) == 0 || say_port_in_use();
}

/* ---- struct sim_net ---- */

static bool slirp_open(const struct sim_options *options)
{
    SlirpConfig config = {
        .version = 1, /* what it asks for every libslirp 4 has */
        .in_enabled = true,
        .vnetwork = address4("10.0.2.0", 0).sin_addr,
        .vnetmask = address4("255.255.255.0", 0).sin_addr,
        .vhost = address4("10.0.2.2", 0).sin_addr,
        .vdhcp_start = address4("10.0.2.15", 0).sin_addr,
        .vnameserver = address4("10.0.2.3", 0).sin_addr,
        .in6_enabled = true,
        .vprefix_addr6 = address6("fec0::", 0).sin6_addr,
        .vprefix_len = 64,
        .vhost6 = address6("fec0::2", 0).sin6_addr,
        .vnameserver6 = address6("fec0::3", 0).sin6_addr,
        .vhostname = "host",
    };

    port = options->port;
    if (!probe_port()) {
        return false;
    }
    slirp = slirp_new(&config, &callbacks, NULL);
    if (slirp == NULL) {
        fprintf(stderr, "gram: libslirp does not start: try another version of it (4.7 is known to work)\n");
        return false;
    }
    return true;
}

static void slirp_send(const uint8_t *frame, size_t len)
{
    slirp_input(slirp, frame, (int)len);
}

static size_t slirp_receive(uint8_t *frame)
{
    size_t len;

    if (queue.count == 0) {
        return 0;
    }
    len = queue.len[queue.first];
    memcpy(frame, queue.data[queue.first], len);
    queue.first = (queue.first + 1) % QUEUE_FRAMES;
    queue.count--;
    return len;
}

struct poll_list {
    struct pollfd *fds;
    size_t count, cap;
};

static const struct {
    int slirp;
    short host;
} event_names[] = {
    {SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

/* libslirp listens with a backlog of 1: of three clients that connect at once, one would wait a second for
 * its SYN to be repeated. Listening once more on the same descriptor sets another. */
static void widen_backlog(int fd)
{
    int listening = 0;
    socklen_t len = sizeof listening;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening) {
        listen(fd, BACKLOG);
    }
}

static int on_add_poll(int fd, int events, void *opaque)
{
    struct poll_list *list = opaque;
    short wanted = 0;

    if (new_listener) {
        widen_backlog(fd);
    }
    if (list->count == list->cap) {
        return -1;
    }
    for (size_t i = 0; i < sizeof event_names / sizeof event_names[0]; i++) {
        if ((events & event_names[i].slirp) != 0) {
            wanted = (short)(wanted | event_names[i].host);
        }
    }
    list->fds[list->count] = (struct pollfd){.fd = fd, .events = wanted};
    return (int)list->count++;
}

static int on_get_revents(int index, void *opaque)
{
    const struct pollfd *fds = opaque;
    int events = 0;

    if (index < 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof event_names / sizeof event_names[0]; i++) {
        if ((fds[index].revents & event_names[i].host) != 0) {
            events |= event_names[i].slirp;
        }
    }
    return events;
}

static uint32_t timers_wait(int64_t now_ms)
{
    uint32_t wait = UINT32_MAX;

    for (size_t i = 0; i < TIMERS; i++) {
        const struct timer *t = &timers[i];
        int64_t left = t->due_ms - now_ms;

        if (t->callback == NULL || t->due_ms < 0) {
            continue;
        }
        if (left < (int64_t)wait) {
            wait = left > 0 ? (uint32_t)left : 0;
        }
    }
    return wait;
}

static void run_timers(int64_t now_ms)
{
    for (size_t i = 0; i < TIMERS; i++) {
        struct timer *t = &timers[i];

        if (t->callback != NULL && t->due_ms >= 0 && t->due_ms <= now_ms) {
            t->due_ms = -1; /* the callback may set it again */
            t->callback(t->opaque);
        }
    }
}

static size_t slirp_before_poll(struct pollfd *fds, size_t cap, uint32_t *timeout_ms)
{
    struct poll_list list = {fds, 0, cap};
    uint32_t timers_ms = timers_wait(sim_clock_ns() / 1000000);

    slirp_pollfds_fill(slirp, timeout_ms, on_add_poll, &list);
    new_listener = false;
    if (timers_ms < *timeout_ms) {
        *timeout_ms = timers_ms;
    }
    if (queue.count > 0) {
        *timeout_ms = 0;
    }
    return list.count;
}

static void slirp_after_poll(const struct pollfd *fds, bool failed)
{
    slirp_pollfds_poll(slirp, failed, on_get_revents, (void *)(uintptr_t)fds);
    run_timers(sim_clock_ns() / 1000000);
}

static void slirp_close(void)
{
    slirp_cleanup(slirp);
    slirp = NULL;
}

const struct sim_net sim_net_slirp = {
    .open = slirp_open,
    .send = slirp_send,
    .receive = slirp_receive,
    .before_poll = slirp_before_poll,
    .after_poll = slirp_after_poll,
    .forward = slirp_forward,
    .forward6 = slirp_forward6,
    .close = slirp_close,
};
