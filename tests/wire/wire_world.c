/* wire_world.h. Interfaces carry IP packets without Ethernet: ARP is not what is tested here.
 *
 * Time never passes while anything can be done at once: world_advance() jumps to the earliest event, so a
 * run takes as long as its computing does, and two runs with one seed are the same to the byte. */
#include "wire_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "gram/log.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/memp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ip4.h"
#include "lwip/stats.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "wire_hooks.h"

#define SERVER WIRE_A
#define CLIENT WIRE_B
#define CUTS 8
#define START (UINT32_MAX - 15000) /* every run crosses the end of a 32-bit clock */
#define STANDSTILL 10000 /* rounds without time passing: something asks to be called again and again */

ip_addr_t world_server, world_client;

static struct netif server_netif, client_netif;
static struct wire wire;
static uint32_t now = START;
static uint32_t rounds_at_now;
static uint64_t random_state;
static uint16_t cut_ports[CUTS];
static unsigned cut_count;

/* ---- what lwIP and gram ask of a target ---- */

u32_t sys_now(void)
{
    return now;
}

uint32_t gram_target_random(void)
{
    return world_random(UINT32_MAX);
}

_Noreturn void gram_target_fail(const char *what)
{
    world_fail("lwIP: %s", what);
}

_Noreturn void gram_assert_failed(const char *reason)
{
    world_fail("gram: %s", reason);
}

struct netif *wire_route(const ip4_addr_t *source)
{
    return ip4_addr_eq(source, ip_2_ip4(&world_client)) ? &client_netif : &server_netif;
}

/* ---- the wire between the interfaces ---- */

/* The client's port of a TCP packet: its source or its destination. */
static uint16_t client_port(const uint8_t *packet, size_t len, enum wire_end from)
{
    size_t header = (size_t)(packet[0] & 0x0F) * 4;
    const uint8_t *port = packet + header + (from == CLIENT ? 0 : 2);

    return header + 4 <= len ? (uint16_t)(port[0] << 8 | port[1]) : 0;
}

static bool is_cut(uint16_t port)
{
    for (unsigned i = 0; i < cut_count; i++) {
        if (cut_ports[i] == port) {
            return true;
        }
    }
    return false;
}

static err_t output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    enum wire_end from = netif == &client_netif ? CLIENT : SERVER;
    uint8_t packet[WIRE_FRAME_MAX];
    u16_t len = pbuf_copy_partial(p, packet, sizeof packet, 0);

    (void)to;
    if (!is_cut(client_port(packet, len, from))) {
        wire_send(&wire, from, packet, len, now);
    }
    return ERR_OK;
}

static void deliver_at(enum wire_end end, struct netif *netif)
{
    uint8_t packet[WIRE_FRAME_MAX];
    size_t len;

    while ((len = wire_receive(&wire, end, packet, now)) > 0) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);

        if (p == NULL) {
            continue; /* as a driver would: dropped */
        }
        pbuf_take(p, packet, (u16_t)len);
        if (netif->input(p, netif) != ERR_OK) {
            pbuf_free(p);
        }
    }
}

void world_deliver(void)
{
    deliver_at(SERVER, &server_netif);
    deliver_at(CLIENT, &client_netif);
    sys_check_timeouts();
}

void world_wire(const struct wire_config *config)
{
    wire_init(&wire, config);
    cut_count = 0;
}

const struct wire_counts *world_counts(void)
{
    return &wire.counts;
}

void world_cut(uint16_t port)
{
    if (cut_count == CUTS) {
        world_fail("the test cuts more than %d connections", CUTS);
    }
    cut_ports[cut_count++] = port;
}

/* ---- time ---- */

uint32_t world_now(void)
{
    return now;
}

void world_advance(uint32_t wait_ms)
{
    uint32_t timers = sys_timeouts_sleeptime();
    uint32_t arrival = wire_wait(&wire, now);

    if (timers < wait_ms) {
        wait_ms = timers;
    }
    if (arrival < wait_ms) {
        wait_ms = arrival;
    }
    if (wait_ms == UINT32_MAX) {
        world_fail("nothing will ever happen again");
    }
    rounds_at_now = wait_ms == 0 ? rounds_at_now + 1 : 0;
    if (rounds_at_now > STANDSTILL) {
        world_fail("%d rounds in one millisecond: who asks for them?", STANDSTILL);
    }
    now += wait_ms;
}

_Noreturn void world_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("FAILED at %.3f s: ", (now - START) / 1000.0);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    exit(1);
}

/* ---- what is taken ---- */

static const char *const pool_names[] = {
#define LWIP_MEMPOOL(name, count, size, text) #name,
#include "lwip/priv/memp_std.h"
};

void world_taken(struct world_taken *taken)
{
    LWIP_ASSERT("world_taken.pools", MEMP_MAX <= 16);
    taken->heap = lwip_stats.mem.used;
    for (int i = 0; i < MEMP_MAX; i++) {
        taken->pools[i] = memp_pools[i]->stats->used;
    }
}

void world_expect_taken(const struct world_taken *before)
{
    struct world_taken after;

    world_taken(&after);
    if (after.heap > before->heap) {
        world_fail("%u bytes of lwIP's heap are still taken, %u before", (unsigned)after.heap,
                   (unsigned)before->heap);
    }
    for (int i = 0; i < MEMP_MAX; i++) {
        if (after.pools[i] > before->pools[i]) {
            world_fail("%u of lwIP's pool %s are still taken, %u before", (unsigned)after.pools[i],
                       pool_names[i], (unsigned)before->pools[i]);
        }
    }
}

/* ---- chance ---- */

void world_seed(uint32_t seed)
{
    random_state = seed;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint32_t world_random(uint32_t limit)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15ULL;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % limit;
}

/* ---- start ---- */

static err_t interface_init(struct netif *netif)
{
    netif->output = output;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_LINK_UP;
    netif->name[0] = 'w';
    netif->name[1] = netif == &client_netif ? 'c' : 's';
    return ERR_OK;
}

static void add_interface(struct netif *netif, ip_addr_t *address, int last)
{
    ip4_addr_t netmask, none = {0};

    IP_ADDR4(address, 10, 0, 0, last);
    IP4_ADDR(&netmask, 255, 255, 255, 0);
    if (netif_add(netif, ip_2_ip4(address), &netmask, &none, NULL, interface_init, ip_input) == NULL) {
        world_fail("no interface");
    }
    netif_set_up(netif);
}

void world_init(void)
{
    lwip_init();
    add_interface(&server_netif, &world_server, 1);
    add_interface(&client_netif, &world_client, 2);
}
