/*
 * Public keys: base64 and a small DER reader.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/key.h"

#include <string.h>

/* X.690 tags. */
#define DER_INTEGER    0x02u
#define DER_BIT_STRING 0x03u
#define DER_SEQUENCE   0x30u

/* ---- base64 ------------------------------------------------------------------------------ */

/* Decodes octet after octet. */
struct base64 {
    struct vd_span rest;
    uint32_t bits;  /* not given out yet */
    unsigned count; /* how many */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* 0..63, or -1. */
static int sextet(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The next octet; false at the end. */
static bool next_octet(struct base64 *in, uint8_t *out)
{
    while (in->count < 8) {
        if (in->rest.len == 0 || in->rest.bytes[0] == '=') {
            return false;
        }
        int value = sextet(in->rest.bytes[0]);
        in->rest = vd_span_skip(in->rest, 1);
        if (value >= 0) {
            in->bits = in->bits << 6 | (uint32_t)value;
            in->count += 6;
        }
    }
    in->count -= 8;
    *out = (uint8_t)(in->bits >> in->count & 0xffu);
    return true;
}

/*
 * Only base64's characters and blanks, and as many as RFC 4648 wants.  Padding may be left out as a
 * whole, as some publishers do, but not in part.
 */
static bool is_base64(struct vd_span text)
{
    size_t digits = 0;
    size_t padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.bytes[i];
        if (c == '=') {
            padding++;
        } else if (!is_blank(c) && (padding > 0 || sextet(c) < 0)) {
            return false;
        } else if (!is_blank(c)) {
            digits++;
        }
    }
    return padding == 0 ? digits % 4 != 1 : padding <= 2 && (digits + padding) % 4 == 0;
}

enum vd_status vd_key_check(struct vd_span base64, size_t *octets, uint32_t *fingerprint)
{
    struct base64 in = {.rest = base64};
    uint8_t octet;

    if (!is_base64(base64)) {
        return VD_EFORMAT;
    }
    *octets = 0;
    *fingerprint = VD_HASH_START;
    while (next_octet(&in, &octet)) {
        *fingerprint = vd_hash(*fingerprint, &octet, 1);
        (*octets)++;
    }
    return VD_OK;
}

/* ---- DER --------------------------------------------------------------------------------- */

struct der {
    struct base64 in;
    size_t left; /* octets not read yet */
    bool has_failed;
};

static uint8_t read_octet(struct der *der)
{
    uint8_t octet = 0;

    if (der->left == 0 || !next_octet(&der->in, &octet)) {
        der->has_failed = true;
        der->left = 0;
        return 0;
    }
    der->left--;
    return octet;
}

/* A length: definite, as short as it can be, within what is left (X.690, section 10.1). */
static size_t read_length(struct der *der)
{
    uint8_t first = read_octet(der);
    size_t len = first;

    if (first == 0x81) {
        len = read_octet(der);
        der->has_failed = der->has_failed || len < 0x80;
    } else if (first == 0x82) {
        len = (size_t)read_octet(der) << 8;
        len |= read_octet(der);
        der->has_failed = der->has_failed || len < 0x100;
    } else if (first >= 0x80) {
        der->has_failed = true;
    }
    if (len > der->left) {
        der->has_failed = true;
    }
    return der->has_failed ? 0 : len;
}

/* The header of an element with this tag.  Returns the length of its content. */
static size_t expect(struct der *der, uint8_t tag)
{
    if (read_octet(der) != tag) {
        der->has_failed = true;
    }
    return der->has_failed ? 0 : read_length(der);
}

/* The same, for an element that reaches to the very end. */
static bool expect_rest(struct der *der, uint8_t tag)
{
    size_t len = expect(der, tag);

    return !der->has_failed && len == der->left;
}

/* A positive integer: its bits, and its last octet, which tells odd from even. */
static size_t read_integer(struct der *der, uint8_t *last)
{
    size_t len = expect(der, DER_INTEGER);
    size_t bits = 0;

    *last = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = read_octet(der);
        if ((i == 0 && octet >= 0x80) || (i == 1 && bits == 0 && octet < 0x80)) {
            der->has_failed = true; /* negative, or a zero too many in front */
        }
        if (bits > 0) {
            bits += 8;
        }
        for (uint8_t rest = octet; bits < 8 && rest != 0; rest = (uint8_t)(rest >> 1)) {
            bits++;
        }
        *last = octet;
    }
    der->has_failed = der->has_failed || len == 0;
    return bits;
}

/* RSAPublicKey without its outer header: modulus, exponent, nothing behind (RFC 8017, A.1.1). */
static enum vd_status read_rsa(struct der *der, size_t *bits)
{
    uint8_t last;
    size_t modulus = read_integer(der, &last);
    size_t exponent = read_integer(der, &last);

    if (der->has_failed || der->left != 0 || modulus == 0 || exponent < 2 || (last & 1u) == 0) {
        return VD_EFORMAT;
    }
    *bits = modulus;
    return VD_OK;
}

/* AlgorithmIdentifier behind its tag: rsaEncryption with NULL, or without (RFC 3279, 2.3.1). */
static enum vd_status read_algorithm(struct der *der)
{
    static const uint8_t rsa[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                  0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    size_t len = read_length(der);
    bool is_rsa = len == sizeof rsa || len == sizeof rsa - 2;

    for (size_t i = 0; i < len; i++) {
        uint8_t octet = read_octet(der);
        is_rsa = is_rsa && octet == rsa[i];
    }
    if (der->has_failed) {
        return VD_EFORMAT;
    }
    return is_rsa ? VD_OK : VD_OTHER;
}

enum vd_status vd_key_rsa_bits(struct vd_span base64, size_t *bits)
{
    struct der der = {.in = {.rest = base64}};
    uint32_t fingerprint;

    if (vd_key_check(base64, &der.left, &fingerprint) != VD_OK) {
        return VD_EFORMAT;
    }
    if (!expect_rest(&der, DER_SEQUENCE)) {
        return VD_EFORMAT;
    }
    struct der ahead = der; /* the first child tells which of the two it is */
    if (read_octet(&ahead) != DER_SEQUENCE) {
        return read_rsa(&der, bits);
    }
    enum vd_status status = read_algorithm(&ahead);
    if (status != VD_OK) {
        return status;
    }
    if (!expect_rest(&ahead, DER_BIT_STRING) || read_octet(&ahead) != 0 ||
        !expect_rest(&ahead, DER_SEQUENCE)) {
        return VD_EFORMAT;
    }
    return read_rsa(&ahead, bits);
}
