/* What of PSA is compiled in where TLS 1.3 is alone: MBEDTLS_PSA_CRYPTO_CONFIG_FILE. Without it PSA would have all that gram_mbedtls_config.h
 * has, and the key derivation of TLS 1.2 besides: 1.5 KB of flash. TLS 1.3 has its key schedule and its key exchange from PSA, and nothing
 * else: ciphers, signatures and certificates do without. */
#ifndef GRAM_PSA_CONFIG_H
#define GRAM_PSA_CONFIG_H

#define PSA_WANT_ALG_SHA_256 1
#if GRAM_TLS_SHA384
#define PSA_WANT_ALG_SHA_384 1
#endif
#define PSA_WANT_ALG_HMAC 1
#define PSA_WANT_ALG_HKDF_EXTRACT 1
#define PSA_WANT_ALG_HKDF_EXPAND 1
#define PSA_WANT_KEY_TYPE_HMAC 1
#define PSA_WANT_KEY_TYPE_DERIVE 1
#define PSA_WANT_KEY_TYPE_RAW_DATA 1

#define PSA_WANT_ALG_ECDH 1
#define PSA_WANT_ECC_SECP_R1_256 1
#define PSA_WANT_ECC_MONTGOMERY_255 1
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_IMPORT 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_EXPORT 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1

#endif
