/* The answer to a question. It is never in memory: each field is a callback of nanopb that writes from
 * flash, or from the question. All may be called any number of times, and write the same each time: the
 * core sizes an answer, then sends it in pieces.
 *
 * What the answers are where the protocol leaves it open is what grpc-go's server says, which every tool
 * has been tried with. */
#include "reflection_internal.h"

#include <pb_encode.h>
#include <string.h>

typedef grpc_reflection_v1_ServerReflectionRequest question_t;
typedef grpc_reflection_v1_ServerReflectionResponse answer_t;
typedef bool encode_fn(pb_ostream_t *stream, const pb_field_t *field, void *const *arg);

static pb_callback_t written_by(encode_fn *encode, const void *arg)
{
    return (pb_callback_t){.funcs.encode = encode, .arg = (void *)(uintptr_t)arg};
}

static bool encode_string(pb_ostream_t *stream, const pb_field_t *field, const char *text)
{
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_string(stream, (const pb_byte_t *)text, strlen(text));
}

/* ---- what every answer repeats ---- */

static bool encode_text(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const char *text = *arg;

    return text[0] == '\0' || encode_string(stream, field, text);
}

static bool encode_question(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, grpc_reflection_v1_ServerReflectionRequest_fields, *arg);
}

/* ---- list_services ---- */

static bool encode_services(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct gram_app *app = *arg;

    for (unsigned i = 0; i < app->binding_count; i++) {
        grpc_reflection_v1_ServiceResponse service = {
            .name = written_by(encode_text, app->bindings[i].service->name),
        };
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, grpc_reflection_v1_ServiceResponse_fields, &service)) {
            return false;
        }
    }
    return true;
}

static void answer_services(const struct gram_app *app, answer_t *rep)
{
    rep->which_message_response = grpc_reflection_v1_ServerReflectionResponse_list_services_response_tag;
    rep->message_response.list_services_response.service = written_by(encode_services, app);
}

/* ---- not found ---- */

static bool encode_not_found(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const question_t *question = *arg;
    const char *what = "no symbol ";
    const char *name = question->message_request.file_containing_symbol;

    if (question->which_message_request == grpc_reflection_v1_ServerReflectionRequest_file_by_filename_tag) {
        what = "no file ";
        name = question->message_request.file_by_filename;
    } else if (question->which_message_request ==
               grpc_reflection_v1_ServerReflectionRequest_file_containing_extension_tag) {
        what = "no such extension of ";
        name = question->message_request.file_containing_extension.containing_type;
    }
    return pb_encode_tag_for_field(stream, field) && pb_encode_varint(stream, strlen(what) + strlen(name)) &&
           pb_write(stream, (const pb_byte_t *)what, strlen(what)) &&
           pb_write(stream, (const pb_byte_t *)name, strlen(name));
}

static void answer_not_found(const question_t *question, answer_t *rep)
{
    rep->which_message_response = grpc_reflection_v1_ServerReflectionResponse_error_response_tag;
    rep->message_response.error_response.error_code = GRAM_NOT_FOUND;
    rep->message_response.error_response.error_message = written_by(encode_not_found, question);
}

/* ---- files ---- */

static bool encode_files(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct gram_file *files[GRAM_REFLECTION_FILES];
    unsigned count = gram_reflection_closure(*arg, files);

    for (unsigned i = 0; i < count; i++) {
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_string(stream, files[i]->bytes, files[i]->len)) {
            return false;
        }
    }
    return true;
}

/* With all that it imports, which saves the client a question for each. */
static void answer_file(const struct gram_file *file, const question_t *question, answer_t *rep)
{
    if (file == NULL) {
        answer_not_found(question, rep);
        return;
    }
    rep->which_message_response = grpc_reflection_v1_ServerReflectionResponse_file_descriptor_response_tag;
    rep->message_response.file_descriptor_response.file_descriptor_proto = written_by(encode_files, file);
}

/* ---- extensions ---- */

/* A type that is known has none: proto3 has no extensions, and nanopb none that reflection would show. */
static void answer_extension_numbers(const struct gram_app *app, const question_t *question, answer_t *rep)
{
    const char *type = question->message_request.all_extension_numbers_of_type;

    if (gram_reflection_file_with(app, type) == NULL) {
        answer_not_found(question, rep);
        return;
    }
    rep->which_message_response =
        grpc_reflection_v1_ServerReflectionResponse_all_extension_numbers_response_tag;
    rep->message_response.all_extension_numbers_response.base_type_name = written_by(encode_text, type);
}

void gram_reflection_answer(const struct gram_app *app, const question_t *question, answer_t *rep)
{
    const char *file = question->message_request.file_by_filename;
    const char *symbol = question->message_request.file_containing_symbol;

    rep->valid_host = written_by(encode_text, question->host);
    rep->original_request = written_by(encode_question, question);
    switch (question->which_message_request) {
    case grpc_reflection_v1_ServerReflectionRequest_list_services_tag:
        answer_services(app, rep);
        break;
    case grpc_reflection_v1_ServerReflectionRequest_file_by_filename_tag:
        answer_file(gram_reflection_file_named(app, file), question, rep);
        break;
    case grpc_reflection_v1_ServerReflectionRequest_file_containing_symbol_tag:
        answer_file(gram_reflection_file_with(app, symbol), question, rep);
        break;
    case grpc_reflection_v1_ServerReflectionRequest_all_extension_numbers_of_type_tag:
        answer_extension_numbers(app, question, rep);
        break;
    default: /* file_containing_extension */
        answer_not_found(question, rep);
        break;
    }
}
