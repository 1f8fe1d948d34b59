/* The firmware's main(), for every board: one server, one network, one loop that sleeps when there is
 * nothing to do.
 *
 * The log is the UART: a line for each thing that happens, CR LF. What a start looks like:
 *     gram: users on lm3s6965evb
 *     gram: Ethernet address 52:54:00:12:34:56
 *     gram: users ready on localhost:50051 (lm3s6965evb, address 10.0.2.15)
 * "localhost" is for QEMU, whose host forwards the port; on a real network the address counts.
 *
 * A static address instead of DHCP: make firmware NET_ADDRESS=192.168.1.20 NET_MASK=255.255.255.0
 * NET_GATEWAY=192.168.1.1 */
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "cortex_m.h"
#include "fault.h"
#include "gram/gram.h"
#include "gram_lwip.h"
#include "gram_net.h"
#include "grpc_server.h"
#include "lwip/netif.h"
#if GRAM_TLS
#include "board_tls.h"
#endif

#ifndef GRAM_PORT
#define GRAM_PORT 50051
#endif

#define NO_ADDRESS_MS 10000u /* then a word about it */

#ifdef NET_ADDRESS
#ifndef NET_MASK
#define NET_MASK "255.255.255.0"
#endif
#ifndef NET_GATEWAY
#define NET_GATEWAY "0.0.0.0"
#endif
static const struct gram_net_config network = {
    .driver = &board_ethernet, .hostname = board_name, .dhcp = false,
    .address = NET_ADDRESS, .netmask = NET_MASK, .gateway = NET_GATEWAY,
};
#else
static const struct gram_net_config network = {
    .driver = &board_ethernet, .hostname = board_name, .dhcp = true,
};
#endif

static struct gram_server server;

static void put(const char *text)
{
    for (; *text != '\0'; text++) {
        board_putc(*text);
    }
}

static void log_line(enum gram_log_level level, const char *text)
{
    put(level == GRAM_LOG_ERROR ? "gram: error: " : "");
    put(text);
    put("\r\n");
}

#if GRAM_TLS
static void log_info(const char *text)
{
    log_line(GRAM_LOG_INFO, text);
}
#endif

/* What the network leads to. With TLS in the image there is nothing else. */
static struct gram_pipe *pipe_to_server(void)
{
#if GRAM_TLS
    return board_tls_pipe(&server, log_info);
#else
    static struct gram_pipe plain = GRAM_PIPE_PLAIN(&server);

    return &plain;
#endif
}

static void say_start(void)
{
    char line[80];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "gram: ");
    gram_text_str(&t, gram_app.name);
    gram_text_str(&t, " on ");
    gram_text_str(&t, board_name);
    log_line(GRAM_LOG_INFO, line);
}

static void say_mac(void)
{
    char line[48];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "gram: Ethernet address ");
    for (unsigned i = 0; i < sizeof netif_default->hwaddr; i++) {
        if (i > 0) {
            gram_text_char(&t, ':');
        }
        gram_text_hex(&t, netif_default->hwaddr[i], 2);
    }
    log_line(GRAM_LOG_INFO, line);
}

static void say_ready(void)
{
    char line[128];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "gram: ");
    gram_text_str(&t, gram_app.name);
    gram_text_str(&t, " ready on localhost:");
    gram_text_u32(&t, GRAM_PORT);
    gram_text_str(&t, " (");
    gram_text_str(&t, board_name);
    gram_text_str(&t, ", address ");
    gram_text_str(&t, gram_net_address());
    gram_text_str(&t, ")");
    log_line(GRAM_LOG_INFO, line);
}

/* Says that the address is there, whenever there is a new one (a lease may end), or once that none comes. */
static void watch_address(void)
{
    static bool was_ready;
    static bool warned;
    bool ready = gram_net_ready();

    if (ready && !was_ready) {
        say_ready();
    }
    was_ready = ready;
    if (!ready && !warned && board_now_ms() >= NO_ADDRESS_MS) {
        warned = true;
        log_line(GRAM_LOG_INFO, "gram: no address yet: is the cable in, is there a DHCP server? "
                                "(make firmware NET_ADDRESS=.. does without)");
    }
}

/* Interrupts are masked between the last look and the sleep, so that a wake in between is not slept over. */
static void sleep_until_work(uint32_t server_ms)
{
    uint32_t net_ms = gram_net_sleep_ms();

    irq_disable();
    if (!gram_server_awake(&server)) {
        board_sleep(server_ms < net_ms ? server_ms : net_ms);
    }
    irq_enable();
}

int main(void)
{
    static const struct gram_log log = {.line = log_line};

    board_init();
    say_start();
    if (!gram_net_start(&network)) {
        fault_stop(network.dhcp ? "the Ethernet hardware does not answer"
                                : "the Ethernet hardware does not answer, or NET_ADDRESS is no address");
    }
    say_mac();
    gram_server_init(&server, &gram_app, &log, board_now_ms());
    if (!gram_lwip_listen(pipe_to_server(), GRAM_PORT)) {
        fault_stop("no memory to listen: raise MEMP_NUM_TCP_PCB_LISTEN or MEM_SIZE in lwipopts_target.h");
    }
    for (;;) {
        gram_net_poll();
        uint32_t wait_ms = gram_lwip_poll(&server);
        watch_address();
        sleep_until_work(wait_ms);
    }
}
