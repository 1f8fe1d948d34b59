/* gram_net.h over lwIP: one Ethernet interface, IPv4 by DHCP or static, IPv6 by link-local address and
 * router advertisement.
 *
 * States: none beyond lwIP's own. The interface is up from gram_net_start() on, for good; whether an
 * address is there is asked of lwIP each time, since a DHCP lease or an advertised prefix may also expire. */
#include "gram_net.h"

#include <string.h>

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip4_addr.h"
#include "lwip/netif.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#if LWIP_IPV6
#include "lwip/ethip6.h"
#include "lwip/nd6.h"
#endif

/* Frames taken in before the server and lwIP's timers have their turn: a flood must not shut them out. */
#define FRAMES_PER_POLL 32

static struct netif interface;
static const struct gram_net_driver *driver;
static bool more_waiting; /* the last poll ended with FRAMES_PER_POLL */

/* TCP keeps what the driver could not take and tries again. */
static err_t link_output(struct netif *netif, struct pbuf *frame)
{
    (void)netif;
    return driver->send(frame) ? ERR_OK : ERR_MEM;
}

static err_t interface_init(struct netif *netif)
{
    if (!driver->start(netif->hwaddr)) {
        return ERR_IF;
    }
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = link_output;
#if LWIP_IPV6
    netif->output_ip6 = ethip6_output;
    netif->flags |= NETIF_FLAG_MLD6;
#endif
    return ERR_OK;
}

/* etharp_input() of lwIP 2.2.1 reads a whole ARP message without asking whether that much came. */
static bool is_short_arp(const struct pbuf *frame)
{
    const uint8_t *p = frame->payload;

    return frame->len >= SIZEOF_ETH_HDR && p[12] == 0x08 && p[13] == 0x06 &&
           frame->len < SIZEOF_ETH_HDR + SIZEOF_ETHARP_HDR;
}

#if LWIP_IPV6
static void start_ipv6(void)
{
    netif_create_ip6_linklocal_address(&interface, 1);
    interface.ip6_autoconfig_enabled = 1;
    /* The first router solicitation goes out in ND's timer, a second from now. A device alone at its start
     * has no crowd to stay clear of (RFC 4861 6.3.7). */
    nd6_tmr();
}

/* The first address that is not link-local (that one is always number 0), once others may use it. */
static const ip6_addr_t *global_ipv6(void)
{
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (ip6_addr_ispreferred(netif_ip6_addr_state(&interface, i))) {
            return netif_ip6_addr(&interface, i);
        }
    }
    return NULL;
}
#endif

static bool start_ipv4(const struct gram_net_config *config)
{
    ip4_addr_t address, netmask, gateway;

#if LWIP_DHCP
    if (config->dhcp) {
        return dhcp_start(&interface) == ERR_OK;
    }
#endif
    if (!ip4addr_aton(config->address, &address) || !ip4addr_aton(config->netmask, &netmask) ||
        !ip4addr_aton(config->gateway, &gateway)) {
        return false;
    }
    netif_set_addr(&interface, &address, &netmask, &gateway);
    return true;
}

bool gram_net_start(const struct gram_net_config *config)
{
    driver = config->driver;
    lwip_init();
    if (netif_add_noaddr(&interface, NULL, interface_init, ethernet_input) == NULL) {
        return false;
    }
    netif_set_hostname(&interface, config->hostname);
    netif_set_default(&interface);
    netif_set_up(&interface);
#if LWIP_IPV6
    start_ipv6();
#endif
    return start_ipv4(config);
}

void gram_net_poll(void)
{
    struct pbuf *frame;
    unsigned count = 0;

    while (count < FRAMES_PER_POLL && (frame = driver->receive()) != NULL) {
        if (is_short_arp(frame) || interface.input(frame, &interface) != ERR_OK) {
            pbuf_free(frame);
        }
        count++;
    }
    more_waiting = count == FRAMES_PER_POLL;
    sys_check_timeouts();
}

uint32_t gram_net_sleep_ms(void)
{
    return more_waiting ? 0 : sys_timeouts_sleeptime();
}

bool gram_net_ready(void)
{
    return !ip4_addr_isany(netif_ip4_addr(&interface));
}

bool gram_net_ready6(void)
{
#if LWIP_IPV6
    return global_ipv6() != NULL;
#else
    return false;
#endif
}

const char *gram_net_address(void)
{
    static char text[IP4ADDR_STRLEN_MAX];

    return ip4addr_ntoa_r(netif_ip4_addr(&interface), text, sizeof text);
}

const char *gram_net_address6(void)
{
#if LWIP_IPV6
    static char text[IP6ADDR_STRLEN_MAX];
    const ip6_addr_t *address = global_ipv6();

    return address != NULL ? ip6addr_ntoa_r(address, text, sizeof text) : "";
#else
    return "";
#endif
}
