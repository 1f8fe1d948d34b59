/* The words of programs on a host; console.h. */
#include "console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gram/gram.h"

void console_line(enum gram_log_level level, const char *text)
{
    printf("%s%s\n", level == GRAM_LOG_ERROR ? "gram: error: " : "", text);
}

static bool application_has(const char *service)
{
    for (unsigned i = 0; i < gram_app.binding_count; i++)
        if (strcmp(gram_app.bindings[i].service->name, service) == 0)
            return true;
    return false;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The application's first service that is not one of those that any may link. */
static const char *own_service(void)
{
    for (unsigned i = 0; i < gram_app.binding_count; i++) {
        const char *name = gram_app.bindings[i].service->name;

        if (!begins_with(name, "grpc.health.") && !begins_with(name, "grpc.reflection."))
            return name;
    }
    return NULL;
}

/* Lines to paste. GRAM_APP_TRY is an application's own (gram_app_config.h): what grpcurl takes beside the address. */
static void print_examples(const char *flags, const char *address)
{
    if (!application_has("grpc.reflection.v1.ServerReflection")) {
        printf("  (no reflection in this application: grpcurl needs -proto FILE)\n");
    } else {
        printf("  grpcurl %s %s list\n", flags, address);
        if (own_service())
            printf("  grpcurl %s %s describe %s\n", flags, address, own_service());
    }
#ifdef GRAM_APP_TRY
    printf("  grpcurl %s " GRAM_APP_TRY "\n", flags, address);
#else
    if (application_has("grpc.health.v1.Health"))
        printf("  grpcurl %s %s grpc.health.v1.Health/Check\n", flags, address);
#endif
}

void console_ready(const char *host, uint16_t port, const char *target, const char *address, const char *flags)
{
    char called[96];

    snprintf(called, sizeof called, "%s:%u", host, port);
    printf("gram: %s ready on %s (%s, address %s)\n", gram_app.name, called, target, address);
    print_examples(flags, called);
}

void console_shutdown(gram_server *server, uint32_t grace_ms)
{
    struct gram_usage u = gram_server_usage(server);

    if (u.connections > 0)
        printf("gram: shutting down, %u call%s under way; Ctrl-C again ends at once\n", u.calls, u.calls == 1 ? "" : "s");
    gram_server_shutdown(server, grace_ms);
}

void console_end(const gram_server *server, size_t tls_bytes)
{
    struct gram_usage u = gram_server_usage(server);

    if (u.connections == 0 && u.calls == 0 && u.message_bufs == 0 && u.held_replies == 0 && tls_bytes == 0)
        printf("gram: ended, nothing is still taken\n");
    else
        printf("gram: ended, still taken: %u connections, %u calls, %u message buffers, %u held replies, %zu bytes of TLS\n",
               u.connections, u.calls, u.message_bufs, u.held_replies, tls_bytes);
}

uint32_t console_number(const char *option, const char *text, uint32_t low, uint32_t high)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < low || value > high) {
        fprintf(stderr, "gram: %s %s: give a number from %lu to %lu\n", option, text, (unsigned long)low, (unsigned long)high);
        exit(1);
    }
    return (uint32_t)value;
}
