/* Which methods may be called (gram/allow.h). It keeps nothing; what is on no list is refused, so a list
 * that was forgotten closes doors and opens none. */
#include "gram/allow.h"

#include "gram/text.h"

static gram_status refuse(gram_call *call)
{
    char line[96]; /* a longer path is cut */
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "not allowed: ");
    gram_text_str(&t, gram_call_path(call));
    return gram_call_fail(call, GRAM_PERMISSION_DENIED, line);
}

gram_status gram_allow_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_allow *allow = (const struct gram_allow *)self;
    const struct gram_path_list *list = allow->choose ? allow->choose(call) : &allow->allowed;

    if (list && gram_path_in(gram_call_path(call), list))
        return GRAM_OK;
    return refuse(call);
}
