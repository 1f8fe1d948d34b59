/* The simulator's command line. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tls_files.h"
#include "wire.h"

#define SIM_GUEST_PORT 50051 /* where the simulated board listens behind libslirp, as a real one would */

enum sim_network { SIM_NET_SLIRP, SIM_NET_TAP, SIM_NET_WIRE };

struct sim_options {
    enum sim_network network;
    uint16_t port;
    bool trace;
    const char *pcap; /* NULL: none */
    uint32_t grace_ms; /* for calls under way at Ctrl-C */
    struct wire_config wire;
    struct tls_files tls;
    /* TAP only */
    const char *tap_if;
    bool dhcp;
    const char *address, *netmask, *gateway;
};

/* Reads the command line. On a mistake, and for --help, it says so and ends the program (status 1, 0). */
void sim_options_read(struct sim_options *options, int argc, char **argv, const char *app);

#endif
