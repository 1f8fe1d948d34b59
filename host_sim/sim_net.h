/* A way from the simulated board to the outside: what net_slirp.c and net_tap.c each are. Frames are
 * Ethernet, without FCS.
 *
 * Neither lwIP's nor libslirp's headers are needed here: the two define the same names differently and
 * never meet in one source file. */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim_options.h"

#define SIM_FRAME_MAX WIRE_FRAME_MAX

struct sim_net {
    /* False: it cannot be opened; it has said in one line what to do. */
    bool (*open)(const struct sim_options *options);
    /* One frame from the board. What cannot be taken is dropped. */
    void (*send)(const uint8_t *frame, size_t len);
    /* The next frame to the board, into SIM_FRAME_MAX bytes. Returns its length, 0 if there is none. */
    size_t (*receive)(uint8_t *frame);
    /* Around poll(): names the descriptors to wait for (returns how many) and lowers the time to wait; then
     * looks at the answer. `failed`: poll() did not give one. */
    size_t (*before_poll)(struct pollfd *fds, size_t cap, uint32_t *timeout_ms);
    void (*after_poll)(const struct pollfd *fds, bool failed);
    /* The board has this IPv4 address, or this IPv6 address: opens the host's port to it. NULL where
     * clients reach the board by its own address. False: as open(). */
    bool (*forward)(const char *address);
    bool (*forward6)(const char *address);
    void (*close)(void);
};

extern const struct sim_net sim_net_slirp;
extern const struct sim_net sim_net_tap;

#endif
