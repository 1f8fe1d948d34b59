/* Which clients may call what (gram/peer_allow.h). It keeps nothing; who is on no list is refused, so a list that was
 * forgotten closes doors and opens none. */
#include "gram/peer_allow.h"

#include <string.h>

#include "gram/text.h"

static bool is_among(const char *names, const char *name)
{
    for (; *names != '\0'; names += strlen(names) + 1)
        if (strcmp(names, name) == 0)
            return true;
    return false;
}

bool gram_peer_is(const struct gram_peer_identity *identity, const char *name, const uint8_t *sha256)
{
    if (!identity)
        return false;
    if (sha256)
        return memcmp(identity->sha256, sha256, sizeof identity->sha256) == 0;
    if (!name || name[0] == '\0')
        return false;
    if (strchr(name, ':'))
        return is_among(identity->alt_names, name);
    return strcmp(identity->common_name, name) == 0;
}

static gram_status refuse(gram_call *call)
{
    char line[96]; /* a longer path is cut */
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "not allowed for this client: ");
    gram_text_str(&t, gram_call_path(call));
    return gram_call_fail(call, GRAM_PERMISSION_DENIED, line);
}

gram_status gram_peer_allow_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_peer_allow *allow = (const struct gram_peer_allow *)self;
    const struct gram_peer_identity *identity = gram_call_identity(call);

    for (unsigned i = 0; i < allow->rule_count; i++) {
        const struct gram_peer_rule *rule = &allow->rules[i];

        if (gram_peer_is(identity, rule->name, rule->sha256) && gram_path_in(gram_call_path(call), &rule->methods))
            return GRAM_OK;
    }
    return refuse(call);
}
