/* A call and time: its deadline, its progress, its sleep, and who wakes it.
 *
 * Invariant: whatever a call waits for without being able to end the wait itself has a time in gram_call_poll(), or is the client's and has GRAM_STALL_MS. */
#include "grpc_internal.h"

static void end_stalled(struct gram_call *call)
{
    gram_log_about(gram_server_of(call), GRAM_LOG_INFO, gram_call_path(call), "GRAM_STALL_MS");
    gram_call_reset(call, GRAM_H2_ENHANCE_YOUR_CALM, GRAM_CANCELLED);
}

/* For its windows, for the rest of its request, or on a stream for the rest of a message that has a large buffer: as long as that lasts, the
 * call keeps from others what they may wait for. A client that streams may be silent between its messages. */
static bool waits_for_client(const struct gram_call *call)
{
    if (call->held != GRAM_NONE || call->starved || call->phase == GRAM_CALL_HTTP)
        return true;
    if (call->remote_done || call->wants_buf || call->phase == GRAM_CALL_END) /* that one waits for room */
        return false;
    return call->phase != GRAM_CALL_STREAM ||
           (call->message_buf != GRAM_NONE && !call->message_waits && !call->next_owed);
}

void gram_call_progress(struct gram_call *call, size_t bytes)
{
    uint32_t now = gram_server_of(call)->now;
    uint32_t bought = (uint32_t)bytes * (GRAM_STALL_MS / 64);

    if (bytes >= 64 || now - call->progress_at <= bought)
        call->progress_at = now;
    else
        call->progress_at += bought;
}

/* Only with room to say so: without it, the connection's own stall timer runs, and room is looked at again when it comes. */
static bool can_stall(const struct gram_call *call)
{
    return waits_for_client(call) && gram_h2_tx_free(&call->conn->h2.tx) >= 2 * GRAM_H2_ANSWER;
}

/* Whether a time has come; lowers *left to what is left until then. */
static bool is_due(const struct gram_call *call, uint32_t at, uint32_t *left)
{
    uint32_t now = gram_server_of(call)->now;
    uint32_t ms = gram_time_reached(now, at) ? 0 : at - now;

    *left = ms < *left ? ms : *left;
    return ms == 0;
}

void gram_call_poll(struct gram_call *call, uint32_t *left)
{
    if (call->has_deadline && is_due(call, call->deadline, left)) {
        gram_call_end(call, GRAM_DEADLINE_EXCEEDED, "deadline exceeded");
    } else if (can_stall(call) && is_due(call, call->progress_at + GRAM_STALL_MS, left)) {
        end_stalled(call);
    } else {
        bool slept = call->has_wake_at && is_due(call, call->wake_at, left);

        if (!slept && !call->wake)
            return;
        if (slept)
            call->has_wake_at = false;
        call->wake = 0;
        call->awake = true;
        call->message_waits = false;
        call->conn->pump_wanted = true;
    }
}

void gram_call_sleep(gram_call *call, uint32_t ms)
{
    /* beyond half the clock's range a time would look past; handlers tolerate being asked early */
    call->wake_at = gram_call_now(call) + (ms < INT32_MAX ? ms : INT32_MAX);
    call->has_wake_at = true;
}

void gram_call_wake(gram_call_ref ref)
{
    struct gram_server *server = ref.server;
    struct gram_call *call;

    if (!server || ref.generation == 0)
        return;
    call = &server->conns[ref.slot / GRAM_MAX_CONCURRENT_STREAMS].calls[ref.slot % GRAM_MAX_CONCURRENT_STREAMS];
    if (call->generation != ref.generation || call->phase == GRAM_CALL_FREE)
        return;
    call->wake = 1;
    server->woken = 1;
}
