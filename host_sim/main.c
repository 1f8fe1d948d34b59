/* The simulator: an application, gram and lwIP as they run on a board, on a POSIX host.
 *
 * States of the way to the first call, in this order: waiting for the board's address (DHCP), letting
 * clients in, ready. IPv4 comes first; IPv6 gets READY6_MS more before the ready line is printed without
 * it, and is let in whenever it comes. */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console.h"
#include "gram/gram.h"
#include "gram_lwip.h"
#include "gram_net.h"
#include "grpc_server.h"
#include "pcap.h"
#include "sim_clock.h"
#include "sim_driver.h"
#include "sim_options.h"
#include "sim_trace.h"

#define READY6_MS 2000
#define NO_ADDRESS_MS 10000 /* then a word about it */
#define MAX_FDS 512

enum state { WAITING, LET_IN, READY };

struct progress {
    enum state state;
    uint32_t since;    /* of this state, ms */
    bool forwarded6;
    bool warned;
};

static struct gram_server server;
static struct wire wire;
static volatile sig_atomic_t stopped;

static void print_ready(const struct sim_options *options, const struct sim_net *net)
{
    console_ready(net->forward != NULL ? "localhost" : gram_net_address(), options->port, "simulator",
                  gram_net_address(), tls_files_grpcurl(&options->tls));
}

/* ---- the way to the first call ---- */

static void enter(struct progress *progress, enum state state)
{
    progress->state = state;
    progress->since = sim_clock_ms();
}

static void forward_or_exit(bool (*forward)(const char *), const char *address)
{
    if (forward != NULL && !forward(address)) {
        exit(1);
    }
}

static void make_progress(struct progress *progress, const struct sim_options *options,
                          const struct sim_net *net)
{
    uint32_t elapsed = sim_clock_ms() - progress->since;

    if (!progress->forwarded6 && gram_net_ready6()) {
        forward_or_exit(net->forward6, gram_net_address6());
        progress->forwarded6 = true;
    }
    switch (progress->state) {
    case WAITING:
        if (gram_net_ready()) {
            forward_or_exit(net->forward, gram_net_address());
            enter(progress, LET_IN);
            make_progress(progress, options, net);
        } else if (elapsed >= NO_ADDRESS_MS && !progress->warned) {
            printf("gram: still without an address: is there a DHCP server on this network?\n");
            progress->warned = true;
        }
        break;
    case LET_IN:
        if (progress->forwarded6 || net->forward6 == NULL || elapsed >= READY6_MS) {
            print_ready(options, net);
            enter(progress, READY);
        }
        break;
    case READY:
        break;
    }
}

static uint32_t progress_wait(const struct progress *progress)
{
    uint32_t limit = progress->state == WAITING ? NO_ADDRESS_MS : READY6_MS;
    uint32_t elapsed = sim_clock_ms() - progress->since;

    if (progress->state == READY || progress->warned) {
        return UINT32_MAX;
    }
    return elapsed < limit ? limit - elapsed : 0;
}

/* ---- the main loop ---- */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Waits for the host's descriptors, for `ms` at most. A signal ends the wait and no other moment, so none
 * is missed. */
static void wait_for_host(const struct sim_net *net, uint32_t ms)
{
    static struct pollfd fds[MAX_FDS];
    struct timespec timeout;
    sigset_t none;
    size_t count = net->before_poll(fds, MAX_FDS, &ms);
    int result;

    timeout.tv_sec = (time_t)(ms / 1000);
    timeout.tv_nsec = (long)(ms % 1000) * 1000000;
    sigemptyset(&none);
    result = ppoll(fds, count, ms == UINT32_MAX ? NULL : &timeout, &none);
    net->after_poll(fds, result < 0);
}

/* Until a signal comes, or the server is down. */
static void run(struct progress *progress, const struct sim_options *options, const struct sim_net *net)
{
    while (!stopped) {
        uint32_t wait;

        gram_net_poll();
        wait = gram_lwip_poll(&server);
        if (gram_server_is_down(&server)) {
            return;
        }
        make_progress(progress, options, net);
        wait = least(wait, gram_net_sleep_ms());
        wait = least(wait, sim_driver_wait());
        wait = least(wait, progress_wait(progress));
        wait_for_host(net, wait);
    }
}

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

/* Ctrl-C and SIGTERM stay blocked but in ppoll(). */
static void catch_signals(void)
{
    struct sigaction action;
    sigset_t both;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a client may leave while libslirp writes to it: the error says enough */
}

static struct wire *choose_wire(const struct sim_options *options)
{
    const struct wire_config *w = &options->wire;

    if (options->network != SIM_NET_WIRE) {
        return NULL;
    }
    wire_init(&wire, w);
    printf("gram: lossy wire: --seed %u --loss %g --duplicate %g --reorder %g --corrupt %g --delay %u\n",
           (unsigned)w->seed, w->loss / 1e4, w->duplicate / 1e4, w->reorder / 1e4, w->corrupt / 1e4,
           (unsigned)w->delay_ms);
    return &wire;
}

int main(int argc, char **argv)
{
    static struct gram_log log = {.line = console_line};
    struct sim_options options;
    struct progress progress = {0};
    struct gram_net_config config;
    const struct sim_net *net;

    setvbuf(stdout, NULL, _IOLBF, 0);
    sim_options_read(&options, argc, argv, gram_app.name);
    net = options.network == SIM_NET_TAP ? &sim_net_tap : &sim_net_slirp;
    if (options.trace) {
        log.frame = sim_trace_frame;
    }
    if (options.pcap != NULL && !sim_pcap_open(options.pcap)) {
        fprintf(stderr, "gram: --pcap %s: %s: choose a file that can be written\n", options.pcap,
                strerror(errno));
        return 1;
    }
    if (!net->open(&options)) {
        return 1;
    }
    catch_signals();
    sim_driver_init(net, choose_wire(&options));
    config = (struct gram_net_config){
        .driver = &sim_driver,
        .hostname = "gram",
        .dhcp = options.network != SIM_NET_TAP || options.dhcp,
        .address = options.address,
        .netmask = options.netmask,
        .gateway = options.gateway,
    };
    if (!gram_net_start(&config)) {
        fprintf(stderr, "gram: --address %s --netmask %s --gateway %s: give three IPv4 addresses\n",
                options.address, options.netmask, options.gateway);
        return 1;
    }
    gram_server_init(&server, &gram_app, &log, sim_clock_ms());
    if (!gram_lwip_listen(tls_files_pipe(&options.tls, &server), net->forward != NULL ? SIM_GUEST_PORT : options.port)) {
        fprintf(stderr, "gram: internal error: lwIP has no room to listen: raise MEMP_NUM_TCP_PCB_LISTEN\n");
        return 1;
    }
    enter(&progress, WAITING);
    run(&progress, &options, net);
    stopped = 0; /* no signal comes but in ppoll() */
    console_shutdown(&server, options.grace_ms);
    run(&progress, &options, net);
    net->close();
    sim_pcap_close();
    console_end(&server, tls_files_end());
    return 0;
}
