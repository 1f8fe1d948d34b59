/* Mbed TLS 3.6 as gram uses it: MBEDTLS_CONFIG_FILE. A server with certificates, ECDHE, AEAD ciphers and tickets; no renegotiation, no
 * early data, no DTLS, no files, no clock of its own (gram asks the application's), no entropy of its own (tls_random.c), no heap (tls_arena.c).
 * GRAM_TLS_CLIENT is for tests: their client is Mbed TLS, too. */
#ifndef GRAM_MBEDTLS_CONFIG_H
#define GRAM_MBEDTLS_CONFIG_H

#include <stddef.h>

#include "gram_tls_config.h"
#include "tls_arena.h"

/* ---- platform ---- */

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#ifndef GRAM_TLS_CLIENT
#define MBEDTLS_PLATFORM_CALLOC_MACRO gram_tls_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO gram_tls_free
#else
#define MBEDTLS_PLATFORM_CALLOC_MACRO tls_test_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO tls_test_free
void *tls_test_calloc(size_t count, size_t size);
void tls_test_free(void *p);
#endif

/* Firmware has no printf. Nothing that ends up in an image calls it; what is thrown away at the link may name what does not exist. */
#ifdef GRAM_TLS_NO_PRINTF
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO gram_tls_no_snprintf
int gram_tls_no_snprintf(char *buf, size_t size, const char *format, ...);
#endif

/* ---- algorithms ---- */

#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_HMAC_DRBG_C
#if GRAM_TLS_SHA384
#define MBEDTLS_SHA384_C
#endif
#define MBEDTLS_CIPHER_C
#if GRAM_TLS_CHACHA20
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#endif
#if GRAM_TLS_AES_GCM
#define MBEDTLS_AES_C
#define MBEDTLS_GCM_C
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AESNI_C
#define MBEDTLS_AESCE_C
#endif
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_REMOVE_INFO
#if GRAM_TLS_CRL
#define MBEDTLS_X509_CRL_PARSE_C
#endif
#if GRAM_TLS_RSA
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT /* RSA in TLS 1.3 is PSS */
#define MBEDTLS_MPI_MAX_SIZE 512
#else
#define MBEDTLS_MPI_MAX_SIZE 64
#endif
#if GRAM_TLS_FAST
#define MBEDTLS_ECP_WINDOW_SIZE 4
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 1
#else
#define MBEDTLS_ECP_WINDOW_SIZE 2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_NO_UDBL_DIVISION /* a division of its own instead of libgcc's for 64 bits */
#endif

/* ---- TLS ---- */

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_IN_CONTENT_LEN GRAM_TLS_IN
#define MBEDTLS_SSL_OUT_CONTENT_LEN GRAM_TLS_OUT
#define MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY 1 /* a record is as long as it needs to be */
#if GRAM_TLS_TICKETS
#define MBEDTLS_SSL_SESSION_TICKETS
#endif
#if GRAM_TLS_1_2
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#if GRAM_TLS_RSA
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#endif
#endif
#if GRAM_TLS_1_3
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#if GRAM_TLS_TICKETS
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#endif
#define MBEDTLS_SSL_TLS1_3_DEFAULT_NEW_SESSION_TICKETS 1
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE /* Mbed TLS 3.6 wants it for TLS 1.3 */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_PSA_KEY_SLOT_COUNT 8
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS /* nobody else writes to them meanwhile: they need not be copied */
#define MBEDTLS_HKDF_C
#endif

#if GRAM_TLS_1_3 && !GRAM_TLS_1_2 && !GRAM_TLS_RSA
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "gram_psa_config.h"
#endif
#ifndef GRAM_TLS_CLIENT
#define MBEDTLS_SSL_CIPHERSUITES 0 /* no list by default: tls_server.c gives one */
#endif

#ifdef GRAM_TLS_CLIENT
#define MBEDTLS_SSL_CLI_C
#if GRAM_TLS_1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED /* for a client that asks for what the server does not do */
#endif
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C
#endif

#endif
