/* example: several services in one application, each over a table in flash or over nothing at all. */
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"
#include "example.gram.h"

#include <string.h>

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* ---- UserService ---- */

static const example_User users[] = {
    {"1", "Alice", 30},
    {"2", "Bob", 25},
    {"3", "Chloé", 41},
};

static gram_status get_user(gram_call *call, const example_UserRequest *req, example_User *rep)
{
    char line[sizeof req->id + 24];
    struct gram_text t = gram_text_in(line, sizeof line);

    for (size_t i = 0; i < COUNT_OF(users); i++) {
        if (strcmp(users[i].id, req->id) == 0) {
            *rep = users[i];
            return GRAM_OK;
        }
    }
    gram_text_str(&t, "no user with id '");
    gram_text_str(&t, req->id);
    gram_text_char(&t, '\'');
    return gram_call_fail(call, GRAM_NOT_FOUND, line);
}

/* ---- FileService: a read-only file system of a few lines ---- */

static const char index_html[] = "<!doctype html>\n<title>gram</title>\n<p>Hello from flash.\n";
static const char settings_ini[] = "[network]\ndhcp = yes\n";

struct file {
    const char *name;
    const void *bytes;
    uint32_t size;
};

static const struct file files[] = {
    {"index.html", index_html, sizeof index_html - 1},
    {"settings.ini", settings_ini, sizeof settings_ini - 1},
    {"empty.log", "", 0},
};

/* A file that is not there is an answer, not an error. */
static gram_status check_file(gram_call *call, const example_FileRequest *req, example_FileResponse *rep)
{
    (void)call;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (strcmp(files[i].name, req->filename) == 0) {
            rep->exists = true;
            rep->size = files[i].size;
            break;
        }
    }
    return GRAM_OK;
}

/* ---- ChatService ---- */

/* Chat's state: who is still to be greeted. */
struct chat {
    char sender[sizeof(((example_ChatMessage *)0)->sender)];
    bool ungreeted;
    bool client_done;
};

static gram_status chat_message(gram_call *call, const example_ChatMessage *req)
{
    struct chat *chat = GRAM_STATE(struct chat, call);

    if (chat->ungreeted) {
        return GRAM_WAIT; /* the same message comes again once the greeting has gone out */
    }
    memcpy(chat->sender, req->sender, sizeof chat->sender);
    chat->ungreeted = true;
    return GRAM_OK;
}

static gram_status chat_half_close(gram_call *call)
{
    GRAM_STATE(struct chat, call)->client_done = true;
    return GRAM_OK;
}

static gram_status chat_next(gram_call *call, example_ChatMessage *rep)
{
    struct chat *chat = GRAM_STATE(struct chat, call);
    struct gram_text sender = gram_text_in(rep->sender, sizeof rep->sender);
    struct gram_text content = gram_text_in(rep->content, sizeof rep->content);

    if (!chat->ungreeted) {
        return chat->client_done ? GRAM_DONE : GRAM_WAIT;
    }
    gram_text_str(&sender, "Server");
    gram_text_str(&content, "Hello, ");
    gram_text_str(&content, chat->sender);
    gram_text_char(&content, '!');
    chat->ungreeted = false;
    return GRAM_MORE;
}

/* ---- the application ---- */

static const struct example_UserService_handlers user_service = {.GetUser = {.handle = get_user}};
static const struct example_FileService_handlers file_service = {.CheckFile = {.handle = check_file}};
static const struct example_ChatService_handlers chat_service = {
    .Chat = {.message = chat_message, .half_close = chat_half_close, .next = chat_next},
};

static const struct gram_binding bindings[] = {
    {&example_UserService_service, &user_service},
    {&example_FileService_service, &file_service},
    {&example_ChatService_service, &chat_service},
    GRAM_HEALTH,
    GRAM_REFLECTION,
};

static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};

const struct gram_app gram_app = {
    .name = "example",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
};
