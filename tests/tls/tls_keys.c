/* tls_keys.h: made with Mbed TLS. */
#include "tls_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mbedtls/ecp.h"
#include "mbedtls/x509_crt.h"
#include "random.h"

bool tls_client_runs;
void (*tls_each_allocation)(void);

void *tls_test_calloc(size_t count, size_t size)
{
    if (tls_client_runs)
        return calloc(count, size);
    if (tls_each_allocation)
        tls_each_allocation();
    return gram_tls_calloc(count, size);
}

void tls_test_free(void *p)
{
    if (gram_tls_arena_has(p))
        gram_tls_free(p);
    else
        free(p);
}

/* ---- entropy ---- */

enum tls_entropy tls_entropy_is;

bool tls_entropy(uint8_t *buf, size_t len)
{
    static struct test_random random;
    static bool seeded;

    if (!seeded)
        test_random_seed(&random, 42);
    seeded = true;
    if (tls_entropy_is == TLS_ENTROPY_SAME)
        test_random_seed(&random, 42);
    for (size_t i = 0; i < len; i++)
        buf[i] = tls_entropy_is == TLS_ENTROPY_ZERO ? 0 : (uint8_t)test_random_below(&random, 256);
    for (size_t i = 0; tls_entropy_is == TLS_ENTROPY_BIASED && i < len; i++)
        buf[i] = i % 8 == 7 ? buf[i] : 0x55;
    return tls_entropy_is != TLS_ENTROPY_NONE;
}

static int test_rng(void *unused, unsigned char *buf, size_t len)
{
    (void)unused;
    return tls_entropy(buf, len) ? 0 : -1;
}

/* ---- certificates ---- */

void tls_make(struct tls_cert *cert, struct tls_wish wish)
{
    static unsigned char serial = 1;
    const struct tls_cert *signer = wish.signer ? wish.signer : cert;
    mbedtls_x509write_cert crt;
    mbedtls_x509_san_list dns = { .node = { .type = MBEDTLS_X509_SAN_DNS_NAME } };
    mbedtls_x509_san_list uri = { .node = { .type = MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER } };
    uint8_t der[1024];
    bool before = tls_client_runs;
    int n;

    tls_client_runs = true;
    cert->subject = wish.subject;
    mbedtls_pk_init(&cert->pk);
    assert_int_equal(mbedtls_pk_setup(&cert->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(cert->pk), test_rng, NULL), 0);
    n = mbedtls_pk_write_key_der(&cert->pk, der, sizeof der);
    assert_true(n > 0 && (size_t)n <= sizeof cert->key);
    memcpy(cert->key, der + sizeof der - n, (size_t)n);
    cert->key_len = (size_t)n;

    mbedtls_x509write_crt_init(&crt);
    mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_serial_raw(&crt, &serial, 1);
    serial++;
    mbedtls_x509write_crt_set_subject_key(&crt, &cert->pk);
    mbedtls_x509write_crt_set_issuer_key(&crt, (mbedtls_pk_context *)(uintptr_t)&signer->pk);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&crt, wish.subject), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&crt, signer->subject), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(&crt, wish.from ? wish.from : "20200101000000", wish.to ? wish.to : "20400101000000"), 0);
    assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&crt, wish.ca, -1), 0);
    dns.node.san.unstructured_name.p = (unsigned char *)(uintptr_t)wish.dns;
    dns.node.san.unstructured_name.len = wish.dns ? strlen(wish.dns) : 0;
    uri.node.san.unstructured_name.p = (unsigned char *)(uintptr_t)wish.uri;
    uri.node.san.unstructured_name.len = wish.uri ? strlen(wish.uri) : 0;
    dns.next = wish.uri ? &uri : NULL;
    if (wish.dns)
        assert_int_equal(mbedtls_x509write_crt_set_subject_alternative_name(&crt, &dns), 0);
    n = mbedtls_x509write_crt_der(&crt, der, sizeof der, test_rng, NULL);
    assert_true(n > 0 && (size_t)n <= sizeof cert->crt);
    memcpy(cert->crt, der + sizeof der - n, (size_t)n);
    cert->crt_len = (size_t)n;
    mbedtls_x509write_crt_free(&crt);
    tls_client_runs = before;
}

const struct tls_keys *tls_keys(void)
{
    static struct tls_keys k;
    static bool made;

    if (made)
        return &k;
    made = true;
    tls_make(&k.ca, (struct tls_wish){ .subject = "CN=test CA", .ca = true });
    tls_make(&k.server, (struct tls_wish){ .subject = "CN=localhost", .signer = &k.ca, .dns = "localhost" });
    tls_make(&k.other_server, (struct tls_wish){ .subject = "CN=localhost,O=other", .signer = &k.ca, .dns = "localhost" });
    tls_make(&k.client, (struct tls_wish){ .subject = "CN=operator-7", .signer = &k.ca, .dns = "client.example", .uri = "spiffe://a/b" });
    tls_make(&k.expired, (struct tls_wish){ .subject = "CN=old", .signer = &k.ca, .to = "20241231235959" });
    tls_make(&k.future, (struct tls_wish){ .subject = "CN=new", .signer = &k.ca, .from = "20250101000001" });
    tls_make(&k.stranger_ca, (struct tls_wish){ .subject = "CN=another CA", .ca = true });
    tls_make(&k.stranger, (struct tls_wish){ .subject = "CN=operator-7", .signer = &k.stranger_ca });
    return &k;
}
