/* users: a table of users behind user.UserService. It shows errors that say what is wrong, to people and to
 * programs (gram/details.h), a reply of any length that lies nowhere in memory (ListUsers), a stream that takes
 * its time while others are served (StreamUsers), and requests that are taken one by one, with nothing queued
 * behind them (CreateBatchUsers, ChatWithUsers). auth/ has the same service for callers who must show who they are. */
#include "gram/details.h"
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"
#include "user_table.h"
#include "users.gram.h"

#ifdef USERS_AUTH
#include "auth/users_auth.h"
#endif

#include <pb_encode.h>
#include <string.h>

#define PAGE_DEFAULT 10              /* users, where the client names no limit */
#define DELAY_MAX_SECONDS (24 * 3600) /* a day: far below half of what 32 bits of milliseconds hold */

#define TEXT_OF(n) #n
#define TEXT_OF_VALUE(n) TEXT_OF(n)

/* ---- CreateUser ---- */

/* People get the first fault as text, programs all of them as google.rpc.BadRequest. */
static gram_status check_fields(gram_call *call, const user_CreateUserRequest *req)
{
    struct gram_violation wrong[2];
    uint8_t count = 0;

    if (req->name[0] == '\0') {
        wrong[count++] = (struct gram_violation){.field = "name", .description = "must not be empty"};
    }
    if (req->email[0] == '\0') {
        wrong[count++] = (struct gram_violation){.field = "email", .description = "must not be empty"};
    }
    if (count == 0) {
        return GRAM_OK;
    }
    const struct gram_detail details[] = {GRAM_DETAIL_BAD_REQUEST(wrong, count)};
    return gram_call_fail_with(call, GRAM_INVALID_ARGUMENT,
                               req->name[0] == '\0' ? "name is missing" : "email is missing", details, 1);
}

/* GRAM_OK: `*added` is in the table. Else nothing is, and the call has its text. */
static gram_status add_user(gram_call *call, const user_CreateUserRequest *req, const user_User **added)
{
    gram_status status = check_fields(call, req);

    if (status != GRAM_OK) {
        return status;
    }
    user_User *user = user_table_add();
    if (user == NULL) {
        return gram_call_fail(call, GRAM_RESOURCE_EXHAUSTED,
                              "the table is full (" TEXT_OF_VALUE(USER_TABLE_SIZE) " users)");
    }
    memcpy(user->name, req->name, sizeof user->name);
    memcpy(user->email, req->email, sizeof user->email);
    user->age = req->age;
    user->hobbies_count = req->hobbies_count;
    memcpy(user->hobbies, req->hobbies, sizeof user->hobbies);
    user->status = user_UserStatus_ACTIVE;
    *added = user;
    return GRAM_OK;
}

static gram_status create_user(gram_call *call, const user_CreateUserRequest *req,
                               user_CreateUserResponse *rep)
{
    const user_User *user;
    gram_status status = add_user(call, req, &user);
    struct gram_text t = gram_text_in(rep->message, sizeof rep->message);

    if (status != GRAM_OK) {
        return status;
    }
    rep->has_user = true;
    rep->user = *user;
    gram_text_str(&t, "user ");
    gram_text_i32(&t, user->id);
    gram_text_str(&t, " created");
    return GRAM_OK;
}

/* ---- GetUser ---- */

static gram_status no_user(gram_call *call, int32_t id)
{
    char line[32], number[12];
    struct gram_text t = gram_text_in(line, sizeof line), n = gram_text_in(number, sizeof number);
    const struct gram_detail details[] = {GRAM_DETAIL_RESOURCE_INFO("user.User", number)};

    gram_text_str(&t, "no user with id ");
    gram_text_i32(&t, id);
    gram_text_i32(&n, id);
    return gram_call_fail_with(call, GRAM_NOT_FOUND, line, details, 1);
}

static gram_status get_user(gram_call *call, const user_GetUserRequest *req, user_User *rep)
{
    const user_User *user = user_table_get(req->id);
    char line[sizeof rep->name + 32];
    struct gram_text t = gram_text_in(line, sizeof line);

    if (req->id <= 0) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "id must be positive");
    }
    if (user == NULL) {
        return no_user(call, req->id);
    }
    if (user->status == user_UserStatus_SUSPENDED) {
        gram_text_str(&t, "user ");
        gram_text_i32(&t, user->id);
        gram_text_str(&t, " (");
        gram_text_str(&t, user->name);
        gram_text_str(&t, ") is suspended");
        return gram_call_fail(call, GRAM_PERMISSION_DENIED, line);
    }
    *rep = *user;
    return GRAM_OK;
}

/* ---- ListUsers ---- */

/* ListUsers' state: which ids are on the page. Fixed when it is asked for, since a reply may be encoded
 * more than once and must come out the same, whoever is added meanwhile. */
struct page {
    int32_t first;
    int32_t end;
};

/* nanopb asks for the field `users`: each user goes out from the table itself (nanopb's "encoding
 * callbacks"). */
static bool encode_page(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct page *page = *arg;

    for (int32_t id = page->first; id < page->end; id++) {
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, user_User_fields, user_table_get(id))) {
            return false;
        }
    }
    return true;
}

static gram_status list_users(gram_call *call, const user_ListUsersRequest *req, user_ListUsersResponse *rep)
{
    struct page *page = GRAM_STATE(struct page, call);
    int32_t count = user_table_count();
    int32_t limit = req->limit == 0 ? PAGE_DEFAULT : req->limit;

    if (req->page < 0) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "page must not be negative: pages count from 0");
    }
    if (limit < 0) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "limit must not be negative");
    }
    /* Beyond count / limit no page has a user, and below it nothing overflows. */
    page->first = req->page <= count / limit ? 1 + req->page * limit : count + 1;
    page->end = limit <= count + 1 - page->first ? page->first + limit : count + 1;

    rep->users.funcs.encode = encode_page;
    rep->users.arg = page;
    rep->total = count;
    rep->page = req->page;
    return GRAM_OK;
}

/* ---- StreamUsers ---- */

/* StreamUsers' state. */
struct stream_users {
    uint32_t delay_ms;
    uint32_t due; /* when the next user may go out */
    int32_t last; /* id of the one before */
};

static gram_status stream_users_open(gram_call *call, const user_StreamUsersRequest *req)
{
    struct stream_users *state = GRAM_STATE(struct stream_users, call);

    if (req->delay_seconds < 0 || req->delay_seconds > DELAY_MAX_SECONDS) {
        return gram_call_fail(call, GRAM_INVALID_ARGUMENT, "delay_seconds must be 0 to 86400 (a day)");
    }
    state->delay_ms = (uint32_t)req->delay_seconds * 1000;
    state->due = gram_call_now(call);
    return GRAM_OK;
}

/* It may be asked too early (a wake without cause): the clock decides, not the number of times. */
static gram_status stream_users_next(gram_call *call, user_User *rep)
{
    struct stream_users *state = GRAM_STATE(struct stream_users, call);
    const user_User *user = user_table_get(state->last + 1);
    uint32_t now = gram_call_now(call);

    if (user == NULL) {
        return GRAM_DONE;
    }
    if ((int32_t)(now - state->due) < 0) {
        gram_call_sleep(call, state->due - now);
        return GRAM_WAIT;
    }
    *rep = *user;
    state->last = user->id;
    state->due = now + state->delay_ms;
    return GRAM_MORE;
}

/* ---- CreateBatchUsers ---- */

/* CreateBatchUsers' state. Those created before one that cannot be stay. */
struct create_batch {
    uint32_t created;
};

static gram_status create_batch_message(gram_call *call, const user_CreateUserRequest *req)
{
    const user_User *user;
    gram_status status = add_user(call, req, &user);

    if (status == GRAM_OK) {
        GRAM_STATE(struct create_batch, call)->created++;
    }
    return status;
}

static gram_status create_batch_half_close(gram_call *call, user_CreateUserResponse *rep)
{
    struct gram_text t = gram_text_in(rep->message, sizeof rep->message);

    gram_text_u32(&t, GRAM_STATE(struct create_batch, call)->created);
    gram_text_str(&t, " users created");
    return GRAM_OK;
}

/* ---- ChatWithUsers ---- */

/* ChatWithUsers' state. Only the id is kept: the table has the rest. */
struct chat {
    int32_t unsent; /* id of the user who is still to be sent back; 0: none */
    bool client_done;
};

static gram_status chat_message(gram_call *call, const user_CreateUserRequest *req)
{
    struct chat *chat = GRAM_STATE(struct chat, call);
    const user_User *user;

    if (chat->unsent != 0) {
        return GRAM_WAIT; /* the same message comes again once that one has gone out */
    }
    gram_status status = add_user(call, req, &user);
    if (status == GRAM_OK) {
        chat->unsent = user->id;
    }
    return status;
}

static gram_status chat_half_close(gram_call *call)
{
    GRAM_STATE(struct chat, call)->client_done = true;
    return GRAM_OK;
}

static gram_status chat_next(gram_call *call, user_User *rep)
{
    struct chat *chat = GRAM_STATE(struct chat, call);

    if (chat->unsent == 0) {
        return chat->client_done ? GRAM_DONE : GRAM_WAIT;
    }
    *rep = *user_table_get(chat->unsent);
    chat->unsent = 0;
    return GRAM_MORE;
}

/* ---- the application ---- */

static void start(gram_server *server)
{
    (void)server;
    user_table_reset();
#ifdef USERS_AUTH
    users_auth_start(server);
#endif
}

static const struct user_UserService_handlers user_service = {
    .CreateUser = {.handle = create_user},
    .GetUser = {.handle = get_user},
    .ListUsers = {.handle = list_users},
    .StreamUsers = {.open = stream_users_open, .next = stream_users_next},
    .CreateBatchUsers = {.message = create_batch_message, .half_close = create_batch_half_close},
    .ChatWithUsers = {.message = chat_message, .half_close = chat_half_close, .next = chat_next},
};

static const struct gram_binding bindings[] = {
    {&user_UserService_service, &user_service},
    GRAM_HEALTH,
    GRAM_REFLECTION,
};

#ifndef USERS_AUTH
static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};
#endif

const struct gram_app gram_app = {
    .name = "users",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
#ifdef USERS_AUTH
    .interceptors = users_interceptors,
    .interceptor_count = USERS_INTERCEPTORS,
    .keys = users_keys,
    .key_count = USERS_KEYS,
#else
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
#endif
    .start = start,
};
