/* grpc.health.v1.Health: see gram/health.h and the protocol's own page (grpc/grpc,
 * doc/health-checking.md).
 *
 * A service is its place in the application's table of bindings. Its state is a byte; the changes between
 * two looks of a watcher are not kept: a slow one learns the newest.
 *
 * A watcher, in gram_call_state(): new (`told` is NOTHING) -> told, and told again whenever that is no
 * longer so. Its reference is in the table of watchers from `watch` to `closed`; if that was full, it
 * looks again every second. */
#include "gram/health.h"

#include <pb_encode.h>
#include <string.h>

#include "gram/server.h"
#include "gram/text.h"

#define LOOK_AGAIN_MS 1000

/* Which service, beside its place in the table. */
enum { WHOLE_SERVER = -1, NO_SERVICE = -2 };

enum { NOTHING = 0, TOLD = 1 }; /* `told` is NOTHING, or TOLD + the status */

struct watcher {
    int16_t service;
    uint16_t place; /* in the table of watchers, from 1; 0: it has none */
    uint8_t told;
};

_Static_assert(GRAM_HEALTH_WATCHERS >= 1 && GRAM_HEALTH_WATCHERS <= 65535,
               "GRAM_HEALTH_WATCHERS: 1 to 65535");
_Static_assert(GRAM_HEALTH_SERVICES >= 1 && GRAM_HEALTH_SERVICES <= 255, "GRAM_HEALTH_SERVICES: 1 to 255");

typedef grpc_health_v1_HealthCheckResponse_ServingStatus serving_status;

/* NULL: the application has no GRAM_HEALTH. */
static struct gram_health_state *state_of(const struct gram_app *app)
{
    for (unsigned i = 0; i < app->binding_count; i++) {
        if (app->bindings[i].service == &grpc_health_v1_Health_service) {
            return ((const struct gram_health *)app->bindings[i].handlers)->state;
        }
    }
    return NULL;
}

static const struct gram_app *app_of(const gram_call *call)
{
    return gram_server_app(gram_call_server(call));
}

static int find(const struct gram_app *app, const char *name)
{
    if (name[0] == '\0') {
        return WHOLE_SERVER;
    }
    for (int i = 0; i < app->binding_count; i++) {
        if (strcmp(app->bindings[i].service->name, name) == 0) {
            return i;
        }
    }
    return NO_SERVICE;
}

/* Where its status is; NULL: nowhere, it is always SERVING. */
static uint8_t *place_of(struct gram_health_state *state, int service)
{
    if (service == WHOLE_SERVER) {
        return &state->server;
    }
    return service < GRAM_HEALTH_SERVICES ? &state->services[service] : NULL;
}

static serving_status status_of(struct gram_health_state *state, int service)
{
    static const uint8_t of_ours[] = {
        [GRAM_HEALTH_SERVING] = grpc_health_v1_HealthCheckResponse_ServingStatus_SERVING,
        [GRAM_HEALTH_NOT_SERVING] = grpc_health_v1_HealthCheckResponse_ServingStatus_NOT_SERVING,
        [GRAM_HEALTH_UNKNOWN] = grpc_health_v1_HealthCheckResponse_ServingStatus_UNKNOWN,
    };
    if (service == NO_SERVICE) {
        return grpc_health_v1_HealthCheckResponse_ServingStatus_SERVICE_UNKNOWN;
    }
    const uint8_t *place = place_of(state, service);
    return (serving_status)of_ours[place != NULL ? *place : GRAM_HEALTH_SERVING];
}

bool gram_health_set(gram_server *server, const char *service, enum gram_health_status status)
{
    const struct gram_app *app = gram_server_app(server);
    struct gram_health_state *state = state_of(app);
    int which = find(app, service);

    if (state == NULL || which == NO_SERVICE || (unsigned)status > GRAM_HEALTH_UNKNOWN) {
        return false;
    }
    uint8_t *place = place_of(state, which);
    if (place == NULL) {
        return status == GRAM_HEALTH_SERVING;
    }
    *place = (uint8_t)status;
    for (size_t i = 0; i < GRAM_HEALTH_WATCHERS; i++) {
        gram_call_wake(state->watchers[i]); /* of what they watch, they know themselves */
    }
    return true;
}

/* ---- Check and List ---- */

gram_status gram_health_check(gram_call *call, const grpc_health_v1_HealthCheckRequest *req,
                              grpc_health_v1_HealthCheckResponse *rep)
{
    const struct gram_app *app = app_of(call);
    int service = find(app, req->service);

    if (service == NO_SERVICE) {
        char line[sizeof req->service + 16];
        struct gram_text t = gram_text_in(line, sizeof line);
        gram_text_str(&t, "no service ");
        gram_text_str(&t, req->service);
        return gram_call_fail(call, GRAM_NOT_FOUND, line);
    }
    rep->status = status_of(state_of(app), service);
    return GRAM_OK;
}

/* An entry of the map: {key = 1: name, value = 2: {status = 1}}. It is written out, zero or not, so that a
 * status that changes between two encodings of one reply changes no length. */
static bool encode_entry(pb_ostream_t *stream, const pb_field_t *field, const char *name,
                         serving_status status)
{
    const uint8_t value[] = {2 << 3 | 2, 2, 1 << 3, (uint8_t)status};
    size_t len = strlen(name);
    pb_ostream_t key = PB_OSTREAM_SIZING;

    return pb_encode_tag(&key, PB_WT_STRING, 1) && pb_encode_string(&key, (const pb_byte_t *)name, len) &&
           pb_encode_tag_for_field(stream, field) &&
           pb_encode_varint(stream, key.bytes_written + sizeof value) &&
           pb_encode_tag(stream, PB_WT_STRING, 1) && pb_encode_string(stream, (const pb_byte_t *)name, len) &&
           pb_write(stream, value, sizeof value);
}

static bool encode_statuses(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct gram_app *app = *arg;
    struct gram_health_state *state = state_of(app);

    if (!encode_entry(stream, field, "", status_of(state, WHOLE_SERVER))) {
        return false;
    }
    for (int i = 0; i < app->binding_count; i++) {
        if (!encode_entry(stream, field, app->bindings[i].service->name, status_of(state, i))) {
            return false;
        }
    }
    return true;
}

gram_status gram_health_list(gram_call *call, const grpc_health_v1_HealthListRequest *req,
                             grpc_health_v1_HealthListResponse *rep)
{
    (void)req;
    rep->statuses.funcs.encode = encode_statuses;
    rep->statuses.arg = (void *)(uintptr_t)app_of(call);
    return GRAM_OK;
}

/* ---- Watch ---- */

gram_status gram_health_watch(gram_call *call, const grpc_health_v1_HealthCheckRequest *req)
{
    const struct gram_app *app = app_of(call);
    struct gram_health_state *state = state_of(app);
    struct watcher *watcher = GRAM_STATE(struct watcher, call);

    watcher->service = (int16_t)find(app, req->service);
    if (watcher->service == NO_SERVICE) {
        return GRAM_OK; /* told once, and never anything else: services do not appear */
    }
    for (uint16_t i = 0; i < GRAM_HEALTH_WATCHERS; i++) {
        if (state->watchers[i].generation == 0) {
            state->watchers[i] = gram_call_ref_of(call);
            watcher->place = (uint16_t)(i + 1);
            break;
        }
    }
    return GRAM_OK;
}

gram_status gram_health_next(gram_call *call, grpc_health_v1_HealthCheckResponse *rep)
{
    struct watcher *watcher = GRAM_STATE(struct watcher, call);
    serving_status status = status_of(state_of(app_of(call)), watcher->service);

    if (watcher->told != TOLD + status) {
        watcher->told = (uint8_t)(TOLD + status);
        rep->status = status;
        return GRAM_MORE;
    }
    if (watcher->place == 0 && watcher->service != NO_SERVICE) {
        gram_call_sleep(call, LOOK_AGAIN_MS);
    }
    return GRAM_WAIT;
}

void gram_health_closed(gram_call *call, gram_status status)
{
    const struct watcher *watcher = GRAM_STATE(struct watcher, call);

    (void)status;
    if (watcher->place != 0) {
        state_of(app_of(call))->watchers[watcher->place - 1] = (gram_call_ref){.generation = 0};
    }
}
