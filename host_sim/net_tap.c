/* A TAP device (Linux): the board is a machine on the host's network, with an address of its own.
 *
 * The device is made beforehand, by someone who may; afterwards the simulator needs no rights. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim_net.h"

static int tap = -1;

static void say_how_to_make(const char *name, const char *problem)
{
    fprintf(stderr,
            "gram: TAP device %s: %s: make it with: sudo ip tuntap add dev %s mode tap user $USER && "
            "sudo ip addr add 192.168.77.1/24 dev %s && sudo ip link set %s up\n",
            name, problem, name, name, name);
}

/* The device's flags (IFF_UP ..), or -1: there is none of this name. */
static int device_flags(const char *name)
{
    struct ifreq request;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int flags = -1;

    if (fd < 0) {
        return -1;
    }
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        flags = (unsigned short)request.ifr_flags;
    }
    close(fd);
    return flags;
}

static int attach(const char *name)
{
    struct ifreq request;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, name, strlen(name));
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static bool tap_open(const struct sim_options *options)
{
    const char *name = options->tap_if;
    int flags;

    if (name[0] == '\0' || strlen(name) >= IFNAMSIZ) {
        fprintf(stderr, "gram: --tap-if %s: give a name of 1 to %d characters\n", name, IFNAMSIZ - 1);
        return false;
    }
    flags = device_flags(name);
    if (flags < 0) {
        /* Attaching would make one, if we are root, that nobody has given an address. */
        say_how_to_make(name, "there is none");
        return false;
    }
    tap = attach(name);
    if (tap < 0 && errno == EBUSY) {
        fprintf(stderr, "gram: TAP device %s is in use: stop what uses it, or choose another with --tap-if\n",
                name);
        return false;
    }
    if (tap < 0) {
        say_how_to_make(name, strerror(errno));
        return false;
    }
    if ((flags & IFF_UP) == 0) {
        fprintf(stderr, "gram: TAP device %s is down: sudo ip link set %s up\n", name, name);
        return false;
    }
    return true;
}

static void tap_send(const uint8_t *frame, size_t len)
{
    if (write(tap, frame, len) < 0) {
        return; /* dropped: TCP repeats it */
    }
}

static size_t tap_receive(uint8_t *frame)
{
    ssize_t len = read(tap, frame, SIM_FRAME_MAX);

    return len > 0 ? (size_t)len : 0;
}

static size_t tap_before_poll(struct pollfd *fds, size_t cap, uint32_t *timeout_ms)
{
    (void)cap;
    (void)timeout_ms;
    fds[0] = (struct pollfd){.fd = tap, .events = POLLIN};
    return 1;
}

/* Frames are read when the board asks for them. */
static void tap_after_poll(const struct pollfd *fds, bool failed)
{
    (void)fds;
    (void)failed;
}

static void tap_close(void)
{
    close(tap);
    tap = -1;
}

const struct sim_net sim_net_tap = {
    .open = tap_open,
    .send = tap_send,
    .receive = tap_receive,
    .before_poll = tap_before_poll,
    .after_poll = tap_after_poll,
    .forward = NULL,
    .forward6 = NULL,
    .close = tap_close,
};
