/* See user_table.h. Invariant: users[0..count) hold the ids 1..count. */
#include "user_table.h"

#include <string.h>

static user_User users[USER_TABLE_SIZE];
static int32_t count;

/* The third cannot be got: clients can see what a refusal looks like. */
static const user_User first_users[] = {
    {1, "Ada", "ada@example.com", 36, 2, {"chess", "mathematics"}, user_UserStatus_ACTIVE},
    {2, "Björn", "bjoern@example.com", 41, 1, {"sailing"}, user_UserStatus_INACTIVE},
    {3, "Zoë", "zoe@example.com", 28, 0, {""}, user_UserStatus_SUSPENDED},
};

void user_table_reset(void)
{
    memcpy(users, first_users, sizeof first_users);
    count = sizeof first_users / sizeof first_users[0];
}

int32_t user_table_count(void)
{
    return count;
}

const user_User *user_table_get(int32_t id)
{
    return id >= 1 && id <= count ? &users[id - 1] : NULL;
}

user_User *user_table_add(void)
{
    if (count == USER_TABLE_SIZE) {
        return NULL;
    }
    user_User *user = &users[count++];
    *user = (user_User){.id = count};
    return user;
}
