/* What the files of reflection say to each other. */
#ifndef GRAM_REFLECTION_INTERNAL_H
#define GRAM_REFLECTION_INTERNAL_H

#include "gram/reflection.h"
#include "gram/server.h"

/* ---- reflection_files.c: what there is ---- */

/* `root` and all that it imports, each once, `root` first. Returns how many, at most
 * GRAM_REFLECTION_FILES. */
unsigned gram_reflection_closure(const struct gram_file *root,
                                 const struct gram_file *files[GRAM_REFLECTION_FILES]);

/* Among the files of the application's services and all that these import; NULL: there is none. */
const struct gram_file *gram_reflection_file_named(const struct gram_app *app, const char *name);
const struct gram_file *gram_reflection_file_with(const struct gram_app *app, const char *symbol);

/* ---- reflection_answer.c: what is said of it ---- */

/* Fills in the answer to a question, which must stay in place, as the application, until the answer has
 * gone out. */
void gram_reflection_answer(const struct gram_app *app,
                            const grpc_reflection_v1_ServerReflectionRequest *question,
                            grpc_reflection_v1_ServerReflectionResponse *rep);

#endif
