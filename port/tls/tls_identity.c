/* Who the client is: taken from its certificate while Mbed TLS verifies it, which is the only moment when it is at hand whole.
 *
 * Nothing here decides: what is taken counts only after a handshake that has ended well (tls_handshake.c). Names are taken whole or not at all (gram/peer.h). */
#include <string.h>

#include "mbedtls/oid.h"
#include "mbedtls/sha256.h"
#include "tls_internal.h"

/* ---- names ---- */

static bool fits(const mbedtls_x509_buf *text, size_t room)
{
    return text->len > 0 && text->len < room && memchr(text->p, 0, text->len) == NULL;
}

/* The one common name; with two of them it would not be clear who is meant. */
static void take_common_name(struct gram_tls_conn *conn, const mbedtls_x509_name *subject)
{
    unsigned count = 0;

    conn->name[0] = '\0';
    for (; subject; subject = subject->next) {
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &subject->oid) != 0)
            continue;
        if (++count > 1 || !fits(&subject->val, sizeof conn->name)) {
            conn->name[0] = '\0';
            continue;
        }
        memcpy(conn->name, subject->val.p, subject->val.len);
        conn->name[subject->val.len] = '\0';
    }
}

/* RFC 5280 4.2.1.6: the tag says what kind of name it is. */
static const char *kind_of(const mbedtls_x509_buf *name)
{
    switch (name->tag & MBEDTLS_ASN1_TAG_VALUE_MASK) {
    case MBEDTLS_X509_SAN_DNS_NAME:
        return "dns:";
    case MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER:
        return "uri:";
    case MBEDTLS_X509_SAN_RFC822_NAME:
        return "email:";
    default:
        return NULL;
    }
}

static void take_alt_names(struct gram_tls_conn *conn, const mbedtls_x509_crt *crt)
{
    size_t at = 0;

    memset(conn->alt_names, 0, sizeof conn->alt_names);
    if (!mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME))
        return;
    for (const mbedtls_x509_sequence *name = &crt->subject_alt_names; name; name = name->next) {
        const char *kind = kind_of(&name->buf);
        size_t kind_len = kind ? strlen(kind) : 0;
        size_t room = sizeof conn->alt_names - 1 - at; /* the last byte ends the list */

        if (!kind || room <= kind_len || !fits(&name->buf, room - kind_len))
            continue;
        memcpy(conn->alt_names + at, kind, kind_len);
        memcpy(conn->alt_names + at + kind_len, name->buf.p, name->buf.len);
        at += kind_len + name->buf.len + 1;
    }
}

/* ---- dates ---- */

/* Days from 1970-01-01 to a date of the Gregorian calendar, with years that begin in March. */
static int64_t days_to(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static int64_t seconds_of(const mbedtls_x509_time *t)
{
    return ((days_to(t->year, t->mon, t->day) * 24 + t->hour) * 60 + t->min) * 60 + t->sec;
}

static uint32_t check_dates(const struct gram_tls *tls, const mbedtls_x509_crt *crt)
{
    int64_t now = tls->unix_time();
    uint32_t flags = 0;

    if (now < seconds_of(&crt->valid_from))
        flags |= MBEDTLS_X509_BADCERT_FUTURE;
    if (now > seconds_of(&crt->valid_to))
        flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    return flags;
}

/* ---- what Mbed TLS asks ---- */

int gram_tls_verify(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    const struct gram_tls *tls = context;
    struct gram_tls_conn *conn = tls->running;

    if (tls->unix_time)
        *flags |= check_dates(tls, crt);
    if (depth > 0)
        return 0;
    take_common_name(conn, &crt->subject);
    take_alt_names(conn, crt);
    conn->identified = mbedtls_sha256(crt->raw.p, crt->raw.len, conn->identity.sha256, 0) == 0;
    return 0;
}

const char *gram_tls_verdict(uint32_t flags, uint8_t *alert)
{
    static const struct {
        uint32_t flags;
        uint8_t alert;
        const char *text;
    } verdicts[] = {
        { MBEDTLS_X509_BADCERT_REVOKED, MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "its certificate is revoked" },
        { MBEDTLS_X509_BADCERT_EXPIRED, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "its certificate has expired" },
        { MBEDTLS_X509_BADCERT_FUTURE, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "its certificate is not valid yet" },
        { MBEDTLS_X509_BADCERT_NOT_TRUSTED, MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "its certificate is signed by no client CA" },
        { UINT32_MAX, MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "its certificate is not acceptable (key, signature or use)" },
    };
    unsigned i = 0;

    while ((flags & verdicts[i].flags) == 0)
        i++;
    *alert = verdicts[i].alert;
    return verdicts[i].text;
}
