/* contacts: a table in flash, got one by one or all at once. It shows a reply that holds messages, one
 * that may be absent, and repeated ones. */
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"
#include "contacts.gram.h"

#include <string.h>

#define CONTACT_COUNT 5

static const user_UserMessage contacts[CONTACT_COUNT] = {
    {"1", "Henry", "01012341234", 22},
    {"2", "Michael", "01098128734", 55},
    {"3", "Jessie", "01056785678", 15},
    {"4", "Max", "01099999999", 37},
    {"5", "Tony", "01012344321", 25},
};

/* An unknown id is no error here: the reply just has no message in it (`has_user_message` is false from
 * the start). */
static gram_status get_user(gram_call *call, const user_GetUserRequest *req, user_GetUserResponse *rep)
{
    (void)call;
    for (size_t i = 0; i < CONTACT_COUNT; i++) {
        if (strcmp(contacts[i].user_id, req->user_id) == 0) {
            rep->has_user_message = true;
            rep->user_message = contacts[i];
            break;
        }
    }
    return GRAM_OK;
}

static gram_status list_users(gram_call *call, const user_ListUsersRequest *req, user_ListUsersResponse *rep)
{
    (void)call;
    (void)req;
    _Static_assert(sizeof rep->user_messages >= sizeof contacts,
                   "proto/contacts.options: user_messages max_count is too small");
    memcpy(rep->user_messages, contacts, sizeof contacts);
    rep->user_messages_count = CONTACT_COUNT;
    return GRAM_OK;
}

static const struct user_User_handlers user = {
    .GetUser = {.handle = get_user},
    .ListUsers = {.handle = list_users},
};

static const struct gram_binding bindings[] = {
    {&user_User_service, &user},
    GRAM_HEALTH,
    GRAM_REFLECTION,
};

static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};

const struct gram_app gram_app = {
    .name = "contacts",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
};
