/* tls_files.h: files are read whole, PEM becomes DER (RFC 7468), and port/tls gets it. */
#define _DEFAULT_SOURCE
#include "tls_files.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "gram_tls.h"

#define FILE_MAX 65536

static struct gram_tls tls;

_Noreturn static void mistake(const char *option, const char *value, const char *problem)
{
    fprintf(stderr, "gram: %s %s: %s\n", option, value, problem);
    exit(1);
}

bool tls_files_option(struct tls_files *files, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        { "--tls-cert", &files->cert },           { "--tls-key", &files->key },
        { "--client-ca", &files->client_ca },     { "--client-crl", &files->client_crl },
        { "--client-auth", &files->client_auth },
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(name, options[i].name) != 0)
            continue;
        if (!value)
            mistake(name, "", "its value is missing: see --help");
        *options[i].value = value;
        return true;
    }
    return false;
}

/* ---- files ---- */

struct bytes {
    uint8_t *data;
    size_t len;
};

static struct bytes read_file(const char *option, const char *path)
{
    struct bytes file = { malloc(FILE_MAX + 1), 0 };
    FILE *in = fopen(path, "rb");

    if (!file.data)
        mistake(option, path, "no memory");
    if (!in)
        mistake(option, path, strerror(errno));
    file.len = fread(file.data, 1, FILE_MAX + 1, in);
    if (ferror(in))
        mistake(option, path, "cannot be read: is it a file?");
    fclose(in);
    if (file.len == 0 || file.len > FILE_MAX)
        mistake(option, path, "is empty, or longer than 64 KB: give a certificate or a key");
    file.data[file.len] = 0;
    return file;
}

/* ---- PEM ---- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes up to `end` into `out`; returns how many bytes that were. */
static size_t decode(const char *text, const char *end, uint8_t *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t len = 0;

    for (; text < end && *text != '='; text++) {
        int value = base64_value(*text);

        if (value < 0)
            continue; /* line ends; what else there is shows when the DER is read */
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        out[len++] = (uint8_t)(bits >> count);
    }
    return len;
}

/* In place: every block whose label ends with `label`, behind each other. A file without PEM is left as it is. */
static void pem_to_der(struct bytes *file, const char *label)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    const char *at = strstr((char *)file->data, begin);
    size_t len = 0;

    if (!at)
        return;
    for (; at; at = strstr(at, begin)) {
        const char *name = at + strlen(begin);
        const char *name_end = strstr(name, "-----");
        const char *stop = name_end ? strstr(name_end, end) : NULL;
        size_t n = strlen(label);

        if (!stop)
            break;
        at = stop;
        if ((size_t)(name_end - name) < n || strncmp(name_end - n, label, n) != 0)
            continue;
        len += decode(name_end + strlen("-----"), stop, file->data + len); /* shorter than what it is made of */
    }
    file->len = len;
}

static struct bytes read_der(const char *option, const char *path, const char *label)
{
    struct bytes file = { NULL, 0 };
    char problem[96];

    if (!path)
        return file;
    file = read_file(option, path);
    if (strstr((char *)file.data, "ENCRYPTED"))
        mistake(option, path, "is encrypted: decrypt it first (openssl pkey -in FILE -out NEW)");
    pem_to_der(&file, label);
    if (file.len == 0) {
        snprintf(problem, sizeof problem, "holds no %s", label);
        mistake(option, path, problem);
    }
    return file;
}

/* ---- TLS ---- */

static bool host_entropy(uint8_t *buf, size_t len)
{
    return getrandom(buf, len, 0) == (ssize_t)len;
}

static uint32_t host_time(void)
{
    return (uint32_t)time(NULL);
}

static enum gram_tls_client_auth client_auth(const struct tls_files *files)
{
    if (!files->client_ca && (files->client_auth || files->client_crl)) {
        fprintf(stderr, "gram: --client-auth and --client-crl need --client-ca FILE, which says whose certificates are good\n");
        exit(1);
    }
    if (!files->client_ca)
        return GRAM_TLS_CLIENT_NONE;
    if (!files->client_auth || strcmp(files->client_auth, "required") == 0)
        return GRAM_TLS_CLIENT_REQUIRED;
    if (strcmp(files->client_auth, "optional") != 0)
        mistake("--client-auth", files->client_auth, "there are required and optional");
    return GRAM_TLS_CLIENT_OPTIONAL;
}

struct gram_pipe *tls_files_pipe(const struct tls_files *files, gram_server *server)
{
    static struct gram_pipe plain;
    struct gram_tls_config config = { .entropy = host_entropy, .unix_time = host_time, .client_auth = client_auth(files) };
    struct bytes cert, key, ca, crl;
    const char *problem;

    if (!files->cert && !files->key && !files->client_ca) {
        plain = (struct gram_pipe)GRAM_PIPE_PLAIN(server);
        return &plain;
    }
    if (!files->cert || !files->key) {
        fprintf(stderr, "gram: TLS needs both --tls-cert FILE and --tls-key FILE (make certs makes a pair)\n");
        exit(1);
    }
    cert = read_der("--tls-cert", files->cert, "CERTIFICATE");
    key = read_der("--tls-key", files->key, "PRIVATE KEY");
    ca = read_der("--client-ca", files->client_ca, "CERTIFICATE");
    crl = read_der("--client-crl", files->client_crl, "CRL");
    config.credentials = (struct gram_tls_credentials){
        .certificate = cert.data, .certificate_len = cert.len, .key = key.data, .key_len = key.len,
        .client_ca = ca.data, .client_ca_len = ca.len, .client_crl = crl.data, .client_crl_len = crl.len,
    };
    problem = gram_tls_init(&tls, server, &config);
    if (problem) {
        fprintf(stderr, "gram: TLS: %s\n", problem);
        exit(1);
    }
    explicit_bzero(key.data, key.len);
    free(cert.data);
    free(key.data);
    free(ca.data);
    free(crl.data);
    return &tls.pipe;
}

size_t tls_files_end(void)
{
    gram_tls_end(&tls);
    return gram_tls_arena_use().used;
}

const char *tls_files_grpcurl(const struct tls_files *files)
{
    static char flags[1024];
    const char *slash = files->cert ? strrchr(files->cert, '/') : NULL;
    int dir_len = slash ? (int)(slash - files->cert) + 1 : 0;
    char path[256];

    if (!files->cert)
        return "-plaintext";
    snprintf(path, sizeof path, "%.*sca.crt", dir_len, files->cert);
    snprintf(flags, sizeof flags, "-cacert %s", access(path, R_OK) == 0 ? path : "CA.crt");
    if (!files->client_ca)
        return flags;
    snprintf(path, sizeof path, "%.*sclient", dir_len, files->cert);
    snprintf(flags + strlen(flags), sizeof flags - strlen(flags), " -cert %s.crt -key %s.key", path, path);
    return flags;
}
