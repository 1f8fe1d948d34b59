/* An application as a process on embedded Linux: `build/posix/users --port 50051`. It stays in the foreground. Ctrl-C or SIGTERM ends it in
 * order: calls under way may finish. A second one ends it at once. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "gram/gram.h"
#include "gram_posix.h"
#include "grpc_server.h"
#include "tls_files.h"

static struct gram_server server;
static const struct gram_log log_to_console = { .line = console_line };
static volatile sig_atomic_t stopped;

_Noreturn void gram_assert_failed(const char *reason)
{
    fprintf(stderr, "gram: internal error: %s\n", reason);
    abort();
}

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

/* Ctrl-C and SIGTERM are blocked, but in the waits: none is missed between a look and a wait. Returns the mask of the waits. */
static sigset_t catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigset_t both, before;

    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, &before);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return before;
}

static void print_help(void)
{
    printf("usage: %s [options]\n"
           "  serves %s over gRPC on TCP, IPv4 and IPv6\n"
           "  --port N       the port to listen on (50051)\n"
           "  --grace MS     how long calls may go on after Ctrl-C (%d); Ctrl-C again ends at once\n" TLS_FILES_HELP
           "  --help         this text\n",
           gram_app.name, gram_app.name, CONSOLE_GRACE_MS);
}

struct options {
    uint16_t port;
    uint32_t grace_ms;
    struct tls_files tls;
};

/* On a mistake, and for --help, it says so and ends the program. */
static struct options read_options(int argc, char **argv)
{
    struct options o = { .port = 50051, .grace_ms = CONSOLE_GRACE_MS };

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            exit(0);
        }
        if (tls_files_option(&o.tls, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) {
            i++;
            continue;
        }
        bool port = strcmp(argv[i], "--port") == 0;
        if ((!port && strcmp(argv[i], "--grace") != 0) || i + 1 == argc) {
            fprintf(stderr, "gram: %s: there is no such option, or its value is missing: see --help\n", argv[i]);
            exit(1);
        }
        if (port)
            o.port = (uint16_t)console_number(argv[i], argv[i + 1], 1, 65535);
        else
            o.grace_ms = console_number(argv[i], argv[i + 1], 0, INT32_MAX);
        i++;
    }
    return o;
}

/* Serves, then ends: in order at the first signal, at once at the second. */
static bool run(const struct options *o, const sigset_t *mask)
{
    if (!gram_posix_run(&server, &stopped, mask))
        return false;
    stopped = 0; /* no signal comes but in the waits */
    console_shutdown(&server, o->grace_ms);
    if (!gram_posix_run(&server, &stopped, mask))
        return false;
    gram_posix_close();
    return true;
}

int main(int argc, char **argv)
{
    const struct options o = read_options(argc, argv);
    const uint16_t port = o.port;
    sigset_t mask = catch_signals();

    setvbuf(stdout, NULL, _IOLBF, 0);
    gram_server_init(&server, &gram_app, &log_to_console, gram_posix_now());
    if (!gram_posix_listen(tls_files_pipe(&o.tls, &server), port)) {
        if (errno == EADDRINUSE)
            fprintf(stderr, "gram: port %u is in use: stop what uses it, or choose another with --port %u\n", port,
                    port < 65535 ? port + 1u : port - 1u);
        else
            fprintf(stderr, "gram: cannot listen on port %u: %s\n", port, strerror(errno));
        return 1;
    }
    console_ready("localhost", port, "posix", "any", tls_files_grpcurl(&o.tls));
    if (!run(&o, &mask)) {
        fprintf(stderr, "gram: epoll: %s\n", strerror(errno));
        return 1;
    }
    console_end(&server, tls_files_end());
    return 0;
}
