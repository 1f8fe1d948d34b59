/* The users that the device knows, in its RAM: a table that starts with a few, grows up to USER_TABLE_SIZE
 * and forgets with the power. Users are never changed nor removed, so the user with id N is the Nth, and
 * pages stay what they were.
 *
 * The record is the message itself: no copying back and forth between two structs. */
#ifndef USER_TABLE_H
#define USER_TABLE_H

#include "users.gram.h"

#define USER_TABLE_SIZE 16

/* Back to the first few. */
void user_table_reset(void);

int32_t user_table_count(void);

/* The user with this id, from 1 on; NULL if there is none. */
const user_User *user_table_get(int32_t id);

/* A new user: its id is set, the rest is the caller's to fill in, at once. NULL: the table is full. */
user_User *user_table_add(void);

#endif
