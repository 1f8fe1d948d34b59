/* Random bytes: HMAC_DRBG with SHA-256 (NIST SP 800-90A), seeded and reseeded from the target's entropy source.
 *
 * The source is checked when TLS starts, with the tests of SP 800-90B 4.4 over CHECKED raw bytes and a claim of one bit of entropy a byte: false alarms
 * are rarer than 2^-20. They find a source that is stuck or was never switched on, no other weakness; the seed is SEED bytes, so that
 * a claim of one bit a byte holds 256 bits. One generator for the program, as PSA wants it. */
#include <string.h>

#include "mbedtls/hmac_drbg.h"
#include "tls_internal.h"

#if GRAM_TLS_1_3
#include "psa/crypto.h"
#endif

#define CHECKED 1024u
#define WINDOW 512u
#define REPEATS 21u     /* 4.4.1: 1 + 20 / H */
#define PROPORTION 410u /* 4.4.2: of a window, for H = 1 */
#define SEED 256u

static struct {
    mbedtls_hmac_drbg_context drbg;
    bool (*entropy)(uint8_t *buf, size_t len);
    bool ready;
    unsigned users;
} generator;

struct check {
    uint8_t last, counted;
    uint16_t run, same, at;
};

/* The repetition count and the adaptive proportion test, on one more byte. */
static bool plausible(struct check *check, uint8_t byte)
{
    check->run = check->at > 0 && byte == check->last ? (uint16_t)(check->run + 1) : 1;
    check->last = byte;
    if (check->at % WINDOW == 0) {
        check->counted = byte;
        check->same = 0;
    }
    check->same = (uint16_t)(check->same + (byte == check->counted));
    check->at++;
    return check->run < REPEATS && check->same < PROPORTION;
}

static const char *check_source(void)
{
    struct check check = { 0 };
    uint8_t block[32], before[32] = { 0 };

    for (unsigned i = 0; i < CHECKED / sizeof block; i++) {
        if (!generator.entropy(block, sizeof block))
            return "the entropy source gives no bytes";
        for (unsigned j = 0; j < sizeof block; j++)
            if (!plausible(&check, block[j]))
                return "the entropy source fails its check: it repeats itself";
        if (i > 0 && memcmp(block, before, sizeof block) == 0)
            return "the entropy source fails its check: two reads are the same";
        memcpy(before, block, sizeof block);
    }
    return NULL;
}

/* The DRBG asks for 32 bytes of entropy, and half as many for a nonce: of a source that is trusted for one bit a byte it gets the hash of
 * SEED of them. */
static int seed(void *unused, unsigned char *out, size_t len)
{
    const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    uint8_t raw[SEED], hash[32];
    int error = 0;

    (void)unused;
    while (len > 0 && error == 0) {
        size_t n = len < sizeof hash ? len : sizeof hash;

        error = generator.entropy(raw, sizeof raw) ? mbedtls_md(sha256, raw, sizeof raw, hash) : -1;
        memcpy(out, hash, n);
        out += n;
        len -= n;
    }
    mbedtls_platform_zeroize(raw, sizeof raw);
    mbedtls_platform_zeroize(hash, sizeof hash);
    return error;
}

const char *gram_tls_random_init(bool (*entropy)(uint8_t *buf, size_t len))
{
    static const unsigned char personal[] = "gram";
    const char *problem;

    generator.users++;
    if (!entropy)
        return "there is no entropy source: TLS cannot start";
    generator.entropy = entropy;
    problem = check_source();
    if (problem)
        return problem;
    if (generator.ready)
        mbedtls_hmac_drbg_free(&generator.drbg);
    mbedtls_hmac_drbg_init(&generator.drbg);
    generator.ready = mbedtls_hmac_drbg_seed(&generator.drbg, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), seed, NULL, personal,
                                             sizeof personal) == 0;
    return generator.ready ? NULL : "the random generator cannot be seeded: no entropy, or GRAM_TLS_ARENA is too small";
}

void gram_tls_random_end(void)
{
    if (--generator.users > 0)
        return;
    mbedtls_hmac_drbg_free(&generator.drbg);
    generator.ready = false;
#if GRAM_TLS_1_3
    mbedtls_psa_crypto_free();
#endif
}

int gram_tls_random(void *unused, unsigned char *buf, size_t len)
{
    (void)unused;
    while (len > 0) {
        size_t n = len < MBEDTLS_HMAC_DRBG_MAX_REQUEST ? len : MBEDTLS_HMAC_DRBG_MAX_REQUEST;
        int error = generator.ready ? mbedtls_hmac_drbg_random(&generator.drbg, buf, n) : MBEDTLS_ERR_HMAC_DRBG_ENTROPY_SOURCE_FAILED;

        if (error != 0)
            return error;
        buf += n;
        len -= n;
    }
    return 0;
}

#if GRAM_TLS_1_3
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *output, size_t size,
                                             size_t *length)
{
    (void)context;
    *length = size;
    return gram_tls_random(NULL, output, size) == 0 ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}
#endif
