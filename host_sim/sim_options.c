/* sim_options.h: options are `--name value`, each at most one value, the last of a name wins. */
#define _DEFAULT_SOURCE
#include "sim_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console.h"

static const char help[] =
    "usage: %s [options]\n"
    "Runs the application \"%s\" on a simulated board, whose gRPC server localhost can call.\n"
    "\n"
    "  --port N        the port on this machine (default 50051)\n"
    "  --net slirp     network inside this process, reached through localhost; needs no rights (default)\n"
    "  --net tap       the board on a TAP device, with an address of its own\n"
    "  --net wire      as slirp, over a lossy wire: 5 %% of the frames lost, doubled, reordered\n"
    "  --trace         print every HTTP/2 frame\n"
    "  --grace MS      how long calls may go on after Ctrl-C (default 5000); Ctrl-C again ends at once\n"
    "  --pcap FILE     write every Ethernet frame, for Wireshark\n"
    "  --help          this\n"
    "\n" TLS_FILES_HELP
    "\n"
    "with --net wire (percent of the frames, 0 to 100):\n"
    "  --loss P  --duplicate P  --reorder P  --corrupt P\n"
    "  --delay MS      every frame takes so long (default 0)\n"
    "  --seed N        do the same again (default: a new one, which is printed)\n"
    "\n"
    "with --net tap (on Linux):\n"
    "  --tap-if NAME   the device (default gram0)\n"
    "  --address A --netmask M --gateway G   (default 192.168.77.2, 255.255.255.0, 192.168.77.1)\n"
    "  --dhcp          ask for an address instead\n";

static const char *const with_value[] = {
    "--port",  "--net",  "--pcap", "--loss",   "--duplicate", "--reorder", "--corrupt",
    "--delay", "--seed", "--tap-if", "--address", "--netmask",   "--gateway", "--grace",
};

_Noreturn static void mistake(const char *option, const char *problem)
{
    fprintf(stderr, "gram: %s: %s: see --help\n", option, problem);
    exit(1);
}

static bool takes_value(const char *name)
{
    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++) {
        if (strcmp(with_value[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t percent(const char *name, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0 && value <= 100)) {
        fprintf(stderr, "gram: %s %s: give a percentage from 0 to 100\n", name, text);
        exit(1);
    }
    return WIRE_PERCENT(value);
}

static enum sim_network network(const char *text)
{
    if (strcmp(text, "slirp") == 0) {
        return SIM_NET_SLIRP;
    }
    if (strcmp(text, "tap") == 0) {
        return SIM_NET_TAP;
    }
    if (strcmp(text, "wire") == 0) {
        return SIM_NET_WIRE;
    }
    fprintf(stderr, "gram: --net %s: there are slirp, tap and wire\n", text);
    exit(1);
}

/* An option without a value. False: it is not one of those. */
static bool read_flag(struct sim_options *o, const char *name)
{
    if (strcmp(name, "--trace") == 0) {
        o->trace = true;
    } else if (strcmp(name, "--dhcp") == 0) {
        o->dhcp = true;
    } else {
        return false;
    }
    return true;
}

static void read_wire_value(struct wire_config *w, const char *name, const char *value)
{
    if (strcmp(name, "--loss") == 0) {
        w->loss = percent(name, value);
    } else if (strcmp(name, "--duplicate") == 0) {
        w->duplicate = percent(name, value);
    } else if (strcmp(name, "--reorder") == 0) {
        w->reorder = percent(name, value);
    } else if (strcmp(name, "--corrupt") == 0) {
        w->corrupt = percent(name, value);
    } else if (strcmp(name, "--delay") == 0) {
        w->delay_ms = console_number(name, value, 0, 60000);
    } else {
        w->seed = console_number(name, value, 0, UINT32_MAX);
    }
}

static void read_value(struct sim_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--port") == 0) {
        o->port = (uint16_t)console_number(name, value, 1, 65535);
    } else if (strcmp(name, "--net") == 0) {
        o->network = network(value);
    } else if (strcmp(name, "--pcap") == 0) {
        o->pcap = value;
    } else if (strcmp(name, "--grace") == 0) {
        o->grace_ms = console_number(name, value, 0, INT32_MAX);
    } else if (strcmp(name, "--tap-if") == 0) {
        o->tap_if = value;
    } else if (strcmp(name, "--address") == 0) {
        o->address = value;
    } else if (strcmp(name, "--netmask") == 0) {
        o->netmask = value;
    } else if (strcmp(name, "--gateway") == 0) {
        o->gateway = value;
    } else {
        read_wire_value(&o->wire, name, value);
    }
}

/* `--name value` may also be written `--name=value`. Returns how many arguments were used. */
static int read_option(struct sim_options *o, int left, char **argv)
{
    char name[16] = "";
    const char *equals = strchr(argv[0], '=');
    size_t len = equals != NULL ? (size_t)(equals - argv[0]) : strlen(argv[0]);

    if (len < sizeof name) {
        memcpy(name, argv[0], len);
    }
    if (equals == NULL && read_flag(o, name)) {
        return 1;
    }
    if (tls_files_option(&o->tls, name, equals != NULL ? equals + 1 : left < 2 ? NULL : argv[1])) {
        return equals != NULL ? 1 : 2;
    }
    if (!takes_value(name)) {
        mistake(argv[0], "there is no such option");
    }
    if (equals == NULL && left < 2) {
        mistake(name, "its value is missing");
    }
    read_value(o, name, equals != NULL ? equals + 1 : argv[1]);
    return equals != NULL ? 1 : 2;
}

void sim_options_read(struct sim_options *options, int argc, char **argv, const char *app)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    *options = (struct sim_options){
        .network = SIM_NET_SLIRP,
        .port = SIM_GUEST_PORT,
        .grace_ms = CONSOLE_GRACE_MS,
        .wire = {.seed = (uint32_t)now.tv_sec * 1000U + (uint32_t)(now.tv_nsec / 1000000),
                 .loss = WIRE_PERCENT(5),
                 .duplicate = WIRE_PERCENT(5),
                 .reorder = WIRE_PERCENT(5),
                 /* Up to here no checksum covers ARP (14 + 28 bytes); behind it, TCP's and UDP's cover
                  * all. */
                 .corrupt_from = 42},
        .tap_if = "gram0",
        .address = "192.168.77.2",
        .netmask = "255.255.255.0",
        .gateway = "192.168.77.1",
    };
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            printf(help, argv[0], app);
            exit(0);
        }
        i += read_option(options, argc - i, argv + i);
    }
}
