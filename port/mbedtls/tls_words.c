/*
 * Why a TLS connection failed, as one sentence for a person.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/mbedtls/tls_words.h"

#include "firmware/limits.h"

#include "mbedtls/asn1.h"
#include "mbedtls/base64.h"
#include "mbedtls/cipher.h"
#include "mbedtls/error.h"
#include "mbedtls/md.h"
#include "mbedtls/net_sockets.h"
#include "mbedtls/oid.h"
#include "mbedtls/pem.h"
#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RECORD_ALERT 21u

/* ---- text -------------------------------------------------------------------------------- */

static void add(char *out, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *out, size_t cap, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out + used, cap - used, format, args);
    va_end(args);
}

static void add_untrusted(char *out, size_t cap, const uint8_t *text, size_t len)
{
    size_t used = strlen(out);

    for (size_t i = 0; i < len && used + 1 < cap; i++) {
        bool is_plain = text[i] >= 0x20 && text[i] < 0x7f && text[i] != '"' && text[i] != '\\';
        out[used++] = is_plain ? (char)text[i] : '?';
    }
    out[used] = '\0';
}

/* ---- names ------------------------------------------------------------------------------- */

static const mbedtls_x509_name *find_part(const mbedtls_x509_name *name, const char *oid,
                                          size_t oid_len)
{
    for (; name != NULL; name = name->next) {
        if (name->oid.len == oid_len && memcmp(name->oid.p, oid, oid_len) == 0) {
            return name;
        }
    }
    return NULL;
}

/* What a person knows a CA by: its common name, or its organisation where it has none. */
static void add_essence(char *out, size_t cap, const mbedtls_x509_name *name)
{
    const mbedtls_x509_name *part =
        find_part(name, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN));
    const char *label = "CN=";

    if (part == NULL) {
        part = find_part(name, MBEDTLS_OID_AT_ORGANIZATION,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORGANIZATION));
        label = "O=";
    }
    if (part == NULL) {
        add(out, cap, "a nameless issuer");
        return;
    }
    add(out, cap, "%s", label);
    add_untrusted(out, cap, part->val.p, part->val.len);
}

static unsigned san_type(const mbedtls_x509_sequence *san)
{
    return (unsigned)san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
}

static void add_ip(char *out, size_t cap, const uint8_t *ip, size_t len)
{
    if (len == 4) {
        add(out, cap, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
        return;
    }
    for (size_t i = 0; i + 1 < len; i += 2) {
        add(out, cap, "%s%x", i == 0 ? "" : ":", (unsigned)(ip[i] << 8 | ip[i + 1]));
    }
}

/* The names that a client may compare with (RFC 9525): dNSName and iPAddress.  A CN does
   not count (section 6.3), but is worth telling. */
static void note_names(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt)
{
    char *out = notes->names;

    out[0] = '\0';
    if (!mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) {
        const mbedtls_x509_name *cn =
            find_part(&crt->subject, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN));
        if (cn != NULL) {
            add_untrusted(out, sizeof(notes->names), cn->val.p, cn->val.len);
            add(out, sizeof(notes->names), " in its CN only (it needs a subjectAltName)");
        }
        return;
    }
    for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san != NULL; san = san->next) {
        const char *gap = out[0] == '\0' ? "" : ", ";
        if (san_type(san) == MBEDTLS_X509_SAN_DNS_NAME) {
            add(out, sizeof(notes->names), "%s", gap);
            add_untrusted(out, sizeof(notes->names), san->buf.p, san->buf.len);
        } else if (san_type(san) == MBEDTLS_X509_SAN_IP_ADDRESS) {
            add(out, sizeof(notes->names), "%s", gap);
            add_ip(out, sizeof(notes->names), san->buf.p, san->buf.len);
        }
    }
}

bool vd_tls_has_ip(const mbedtls_x509_crt *crt, const uint8_t *ip, size_t ip_len)
{
    if (!mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) {
        return false;
    }
    for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san != NULL; san = san->next) {
        if (san_type(san) == MBEDTLS_X509_SAN_IP_ADDRESS && san->buf.len == ip_len &&
            memcmp(san->buf.p, ip, ip_len) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- notes of certificates --------------------------------------------------------------- */

static bool is_same_name(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static void note_dates(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt, int depth,
                       uint32_t flags)
{
    if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0) {
        notes->ended = crt->valid_to;
        notes->is_ended_ca = depth > 0;
    }
    if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0) {
        notes->begins = crt->valid_from;
        notes->is_begins_ca = depth > 0;
    }
    if (notes->until.year == 0 || mbedtls_x509_time_cmp(&crt->valid_to, &notes->until) < 0) {
        notes->until = crt->valid_to;
    }
}

static void note_key(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt, uint32_t flags)
{
    if ((flags & MBEDTLS_X509_BADCERT_BAD_KEY) != 0) {
        notes->weak_bits = (unsigned)mbedtls_pk_get_bitlen(&crt->pk);
        notes->is_weak_rsa = mbedtls_pk_can_do(&crt->pk, MBEDTLS_PK_RSA) != 0;
    }
}

void vd_tls_notes_take(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt, int depth,
                       uint32_t flags)
{
    notes->flags |= flags;
    note_dates(notes, crt, depth, flags);
    if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        notes->issuer[0] = '\0';
        add_essence(notes->issuer, sizeof(notes->issuer), &crt->issuer);
        notes->is_self_signed = depth == 0 && is_same_name(&crt->issuer_raw, &crt->subject_raw);
    }
    note_key(notes, crt, flags);
    if (depth == 0) {
        note_names(notes, crt);
    }
}

void vd_tls_notes_take_pinned(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt,
                              const uint8_t hash[32], uint32_t flags)
{
    static const mbedtls_x509_time never = {.year = 9999, .mon = 12, .day = 31};
    unsigned char text[48]; /* 44 characters and the NUL */
    size_t len = 0;

    notes->flags |= flags;
    notes->is_pinned = true;
    notes->until = never;
    note_key(notes, crt, flags);
    (void)mbedtls_base64_encode(text, sizeof(text), &len, hash, 32);
    (void)snprintf(notes->names, sizeof(notes->names), "sha256/%.*s", (int)len, (char *)text);
}

/* ---- tap --------------------------------------------------------------------------------- */

static void tap_head_is_whole(struct vd_tls_tap *tap)
{
    tap->left = (uint16_t)(tap->head[3] << 8 | tap->head[4]);
    tap->body_len = 0;
    if (!tap->has_record && (tap->head[0] < 20 || tap->head[0] > 23 || tap->head[1] != 3)) {
        tap->is_not_tls = true;
    }
    tap->has_record = true;
    if (tap->left > tap->longest) {
        tap->longest = tap->left;
    }
}

static void tap_body_byte(struct vd_tls_tap *tap, uint8_t byte)
{
    if (tap->body_len < sizeof(tap->body)) {
        tap->body[tap->body_len++] = byte;
    }
    tap->left--;
    /* An encrypted alert is longer: its two bytes cannot be read here. */
    bool is_clear_alert = tap->head[0] == RECORD_ALERT && tap->head[3] == 0 && tap->head[4] == 2;
    if (tap->left == 0 && is_clear_alert) {
        tap->is_alert = true;
        tap->alert = tap->body[1];
    }
}

void vd_tls_tap_feed(struct vd_tls_tap *tap, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (tap->left > 0) {
            tap_body_byte(tap, bytes[i]);
            continue;
        }
        if (tap->head_len == sizeof(tap->head)) {
            tap->head_len = 0;
        }
        tap->head[tap->head_len++] = bytes[i];
        if (tap->head_len == sizeof(tap->head)) {
            tap_head_is_whole(tap);
        }
    }
}

/* ---- the sentence ------------------------------------------------------------------------ */

static const char *alert_str(uint8_t alert)
{
    switch (alert) {
    case MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE:
        return "unexpected_message";
    case MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC:
        return "bad_record_mac";
    case MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW:
        return "record_overflow";
    case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
        return "handshake_failure";
    case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
        return "bad_certificate";
    case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
        return "unsupported_certificate";
    case MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER:
        return "illegal_parameter";
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
        return "unknown_ca";
    case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
        return "access_denied";
    case MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR:
        return "decode_error";
    case MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR:
        return "decrypt_error";
    case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION:
        return "protocol_version";
    case MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY:
        return "insufficient_security";
    case MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR:
        return "internal_error";
    case MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME:
        return "unrecognized_name";
    case MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED:
        return "certificate_required";
    case MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL:
        return "no_application_protocol";
    default:
        return NULL;
    }
}

static void add_date(char *out, size_t cap, const mbedtls_x509_time *at)
{
    add(out, cap, "%04d-%02d-%02d", at->year, at->mon, at->day);
}

static void add_gap(char *out, size_t cap)
{
    if (out[0] != '\0') {
        add(out, cap, "; ");
    }
}

static void add_identity(const struct vd_tls_failure *f, uint32_t flags, char *out, size_t cap)
{
    const struct vd_tls_notes *notes = f->notes;

    if (notes->is_pinned && (flags & MBEDTLS_X509_BADCERT_OTHER) != 0) {
        add(out, cap, "peer has another key than the pin: %s", notes->names);
    }
    if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
        add(out, cap, "host name is %s, certificate says %s", f->host,
            notes->names[0] != '\0' ? notes->names : "nothing");
    }
    if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        add_gap(out, cap);
        add(out, cap, "%s: %s",
            notes->is_self_signed ? "certificate is self-signed and not among the trusted ones"
                                  : "unknown CA",
            notes->issuer);
    }
}

static void add_dates(const struct vd_tls_failure *f, uint32_t flags, char *out, size_t cap)
{
    const struct vd_tls_notes *notes = f->notes;

    if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0) {
        add_gap(out, cap);
        add(out, cap, "%scertificate expired on ", notes->is_ended_ca ? "CA " : "");
        add_date(out, cap, &notes->ended);
    }
    if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0) {
        add_gap(out, cap);
        add(out, cap, "%scertificate is not valid before ", notes->is_begins_ca ? "CA " : "");
        add_date(out, cap, &notes->begins);
    }
}

static void add_strength(const struct vd_tls_failure *f, uint32_t flags, char *out, size_t cap)
{
    const struct vd_tls_notes *notes = f->notes;

    if ((flags & MBEDTLS_X509_BADCERT_BAD_KEY) != 0) {
        add_gap(out, cap);
        if (notes->is_weak_rsa) {
            add(out, cap, "key too small: RSA with %u bits", notes->weak_bits);
        } else {
            add(out, cap, "the certificate's curve is not accepted");
        }
    }
    if ((flags & (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK)) != 0) {
        add_gap(out, cap);
        add(out, cap, "certificate is signed with a method that is too weak");
    }
    if ((flags & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE)) != 0) {
        add_gap(out, cap);
        add(out, cap, "certificate is not meant for a TLS server");
    }
}

static void certificate_words(const struct vd_tls_failure *f, char *out, size_t cap)
{
    uint32_t flags = f->flags == UINT32_MAX ? f->notes->flags : f->flags | f->notes->flags;

    add_identity(f, flags, out, cap);
    add_dates(f, flags, out, cap);
    add_strength(f, flags, out, cap);
    if (out[0] == '\0') {
        add(out, cap, "certificate is not acceptable (flags 0x%lx)", (unsigned long)flags);
    }
}

/*
 * A server limited to TLS 1.1 may find first that no cipher suite is left (GnuTLS does); only the
 * version of its record tells.  Version 3.1 would tell nothing: many use it for any first record.
 */
static bool is_tls11_record(const struct vd_tls_tap *tap)
{
    return tap->head[1] == 3 && tap->head[2] == 2;
}

static void alert_words(const struct vd_tls_failure *f, char *out, size_t cap)
{
    if (!f->tap->is_alert) {
        add(out, cap, "peer ended the connection with a TLS alert");
    } else if (f->tap->alert == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION || is_tls11_record(f->tap)) {
        add(out, cap, "peer speaks only an older TLS (below 1.2)");
    } else if (alert_str(f->tap->alert) != NULL) {
        add(out, cap, "peer ended the handshake with the TLS alert %s", alert_str(f->tap->alert));
    } else {
        add(out, cap, "peer ended the handshake with the TLS alert %u", f->tap->alert);
    }
}

/* What mbedTLS says when a record, or a message of several records, is larger than its buffer. */
static bool is_too_large(const struct vd_tls_failure *f)
{
    if ((f->code == MBEDTLS_ERR_SSL_BAD_INPUT_DATA && f->tap->has_record) ||
        f->code == MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL ||
        f->code == MBEDTLS_ERR_ERROR_CORRUPTION_DETECTED) {
        return true;
    }
    return f->code == MBEDTLS_ERR_SSL_INVALID_RECORD && f->tap->longest > VD_TLS_IN_BYTES;
}

static void too_large_words(const struct vd_tls_failure *f, char *out, size_t cap)
{
    if (f->in_handshake) {
        add(out, cap, "certificate chain larger than VD_TLS_IN_BYTES (%u)",
            (unsigned)VD_TLS_IN_BYTES);
    } else {
        add(out, cap, "peer sent a TLS record of %u bytes, larger than VD_TLS_IN_BYTES (%u)",
            f->tap->longest, (unsigned)VD_TLS_IN_BYTES);
    }
}

/* The X.509 part of a code, or 0: the peer's certificate could not even be read. */
static int x509_part(int code)
{
    int high = code < 0 ? -(-code & 0x7f80) : 0;

    return high <= MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE && high >= MBEDTLS_ERR_X509_BUFFER_TOO_SMALL
               ? high
               : 0;
}

static void unreadable_words(const struct vd_tls_failure *f, char *out, size_t cap)
{
    bool is_method = x509_part(f->code) == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;

    add(out, cap, "certificate %s (-0x%04x)",
        is_method ? "is signed with a method that is not accepted" : "cannot be read",
        (unsigned)-f->code);
}

void vd_tls_words(const struct vd_tls_failure *f, char *out, size_t cap)
{
    out[0] = '\0';
    if (vd_tls_is_out_of_memory(f->code)) {
        add(out, cap, "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)");
    } else if (x509_part(f->code) != 0 && f->code != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        unreadable_words(f, out, cap);
    } else if (vd_tls_status(f->code) == VD_EUNVERIFIED) {
        certificate_words(f, out, cap);
    } else if (f->code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        alert_words(f, out, cap);
    } else if (f->code == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION) {
        add(out, cap, "peer speaks only an older TLS (below 1.2)");
    } else if (f->tap->is_not_tls) {
        add(out, cap, "peer does not speak TLS on this port");
    } else if (is_too_large(f)) {
        too_large_words(f, out, cap);
    } else if (f->code == MBEDTLS_ERR_SSL_CONN_EOF ||
               f->code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        /* GnuTLS limited to TLS 1.1 goes away without a word. */
        add(out, cap, "peer closed the connection %s",
            !f->in_handshake ? "without TLS close_notify"
            : !f->tap->has_record
                ? "as the handshake began: it may speak only an older TLS (below 1.2)"
                : "during the handshake");
    } else if (f->code == MBEDTLS_ERR_NET_CONN_RESET) {
        add(out, cap, "peer reset the connection%s",
            f->in_handshake ? " during the handshake" : "");
    } else if (f->code == MBEDTLS_ERR_SSL_TIMEOUT) {
        add(out, cap, "no answer from the peer any more");
    } else {
        add(out, cap, "TLS error -0x%04x", (unsigned)-f->code);
    }
}

enum vd_status vd_tls_status(int code)
{
    switch (code) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
    case MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED:
    case MBEDTLS_ERR_SSL_CERTIFICATE_VERIFICATION_WITHOUT_HOSTNAME:
        return VD_EUNVERIFIED;
    case MBEDTLS_ERR_NET_CONN_RESET:
        return VD_EREFUSED;
    case MBEDTLS_ERR_SSL_TIMEOUT:
        return VD_ETIMEOUT;
    default:
        return x509_part(code) != 0 && !vd_tls_is_out_of_memory(code) ? VD_EUNVERIFIED : VD_EIO;
    }
}

/* A code is the sum of a high-level one (bits 7..14) and a low-level one (bits 0..6). */
bool vd_tls_is_out_of_memory(int code)
{
    static const int high[] = {MBEDTLS_ERR_SSL_ALLOC_FAILED, MBEDTLS_ERR_X509_ALLOC_FAILED,
                               MBEDTLS_ERR_PK_ALLOC_FAILED,  MBEDTLS_ERR_ECP_ALLOC_FAILED,
                               MBEDTLS_ERR_MD_ALLOC_FAILED,  MBEDTLS_ERR_CIPHER_ALLOC_FAILED,
                               MBEDTLS_ERR_PEM_ALLOC_FAILED};

    if (code >= 0) {
        return false;
    }
    int low = -(-code & 0x7f);
    if (low == MBEDTLS_ERR_MPI_ALLOC_FAILED || low == MBEDTLS_ERR_ASN1_ALLOC_FAILED) {
        return true;
    }
    for (size_t i = 0; i < sizeof(high) / sizeof(high[0]); i++) {
        if (-(-code & 0x7f80) == high[i]) {
            return true;
        }
    }
    return false;
}
