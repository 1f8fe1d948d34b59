/* An application as a process on embedded Linux: `build/posix/users --port 50051`. It stays in the foreground; Ctrl-C or SIGTERM ends it. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "gram/gram.h"
#include "gram_posix.h"
#include "grpc_server.h"

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
    printf("usage: %s [--port N]\n"
           "  serves %s over gRPC on TCP, IPv4 and IPv6\n"
           "  --port N   the port to listen on (50051)\n"
           "  --help     this text\n",
           gram_app.name, gram_app.name);
}

/* The port to listen on. On a mistake, and for --help, it says so and ends the program. */
static uint16_t read_options(int argc, char **argv)
{
    uint16_t port = 50051;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            exit(0);
        }
        if (strcmp(argv[i], "--port") != 0 || i + 1 == argc || (port = console_port(argv[++i])) == 0) {
            fprintf(stderr, "gram: %s: use --port N with N from 1 to 65535, or --help\n", argv[i]);
            exit(1);
        }
    }
    return port;
}

int main(int argc, char **argv)
{
    uint16_t port = read_options(argc, argv);
    sigset_t mask = catch_signals();

    setvbuf(stdout, NULL, _IOLBF, 0);
    gram_server_init(&server, &gram_app, &log_to_console, gram_posix_now());
    if (!gram_posix_listen(&server, port)) {
        if (errno == EADDRINUSE)
            fprintf(stderr, "gram: port %u is in use: stop what uses it, or choose another with --port %u\n", port,
                    port < 65535 ? port + 1u : port - 1u);
        else
            fprintf(stderr, "gram: cannot listen on port %u: %s\n", port, strerror(errno));
        return 1;
    }
    console_ready("localhost", port, "posix", "any");
    if (!gram_posix_run(&server, &stopped, &mask)) {
        fprintf(stderr, "gram: epoll: %s\n", strerror(errno));
        return 1;
    }
    console_end(&server);
    return 0;
}
