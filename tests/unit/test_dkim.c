/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/dkim.h"
#include "dns/records/key.h"
#include "tests/unit/keys.h"

static struct vd_dkim dkim;

/* A copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status parse(const char *text, size_t len)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return vd_dkim_parse(copy, len, &dkim);
}

#define P2048 "p=" KEY_RSA_2048

static const struct {
    const char *why;
    const char *text;
    enum vd_status status;
    enum vd_dkim_state state;
    unsigned bits;
} rows[] = {
    {"nothing", "", VD_OTHER, 0, 0},
    {"some words", "not used any more", VD_OTHER, 0, 0},
    {"SPF", "v=spf1 -all", VD_OTHER, 0, 0},
    {"DMARC, which has a p= too", "v=DMARC1; p=none", VD_OTHER, 0, 0},
    {"a note", "v=DKIM1; n=not in use", VD_OTHER, 0, 0},
    {"a note and an unknown tag", "v=DKIM1; x=y; n=", VD_OTHER, 0, 0},
    {"a note without a version", "n=not in use", VD_OTHER, 0, 0},
    {"a note about a key that is not there", "v=DKIM1; k=rsa; n=soon", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"version and words", "v=DKIM1; bogus", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"a verification token", "token=abcdef", VD_OTHER, 0, 0},

    {"RSA 1024", "v=DKIM1; k=rsa; p=" KEY_RSA_1024, VD_OK, VD_DKIM_USABLE, 1024},
    {"RSA 2048", "v=DKIM1; k=rsa; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"RSA 4096", "v=DKIM1; k=rsa; p=" KEY_RSA_4096, VD_OK, VD_DKIM_USABLE, 4096},
    {"RSA 512", "v=DKIM1; k=rsa; p=" KEY_RSA_512, VD_OK, VD_DKIM_SHORT, 512},
    {"bare RSA 1024", "p=" KEY_RSA_1024_BARE, VD_OK, VD_DKIM_USABLE, 1024},
    {"bare RSA 2048", "p=" KEY_RSA_2048_BARE, VD_OK, VD_DKIM_USABLE, 2048},
    {"only p=", P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"Ed25519 without padding", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo", VD_OK,
     VD_DKIM_USABLE, 256},
    {"base64 one character short", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHU", VD_OK,
     VD_DKIM_UNUSABLE, 0},
    {"padding in part", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR=", VD_OK,
     VD_DKIM_UNUSABLE, 0},
    {"Ed25519", "v=DKIM1; k=ed25519; p=" KEY_ED25519, VD_OK, VD_DKIM_USABLE, 256},
    {"Ed25519 in SPKI", "v=DKIM1; k=ed25519; p=" KEY_ED25519_SPKI, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"Ed25519 said to be RSA", "v=DKIM1; p=" KEY_ED25519, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"RSA said to be Ed25519", "k=ed25519; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"elliptic curve said to be RSA", "p=" KEY_P256, VD_OK, VD_DKIM_UNUSABLE, 0},

    {"revoked", "v=DKIM1; p=", VD_OK, VD_DKIM_REVOKED, 0},
    {"revoked, with blanks", "v=DKIM1; k=rsa; p= ; n=gone", VD_OK, VD_DKIM_REVOKED, 0},
    {"no p", "v=DKIM1; k=rsa", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"version alone", "v=DKIM1", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"version with blanks", "v = DKIM1 ; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"version in lower case", "v=dkim1; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"version 2", "v=DKIM2; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"version not first", P2048 "; v=DKIM1", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"V is another tag", "V=DKIM2; " P2048, VD_OK, VD_DKIM_USABLE, 2048},

    {"unknown k", "k=dsa; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"k in capitals", "k=RSA; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"sha256 in h", "h=sha1 : SHA256; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"sha1 alone", "h=sha1; " P2048, VD_OK, VD_DKIM_UNUSABLE, 2048},
    {"empty h", "h=; " P2048, VD_OK, VD_DKIM_UNUSABLE, 2048},
    {"sha1 alone, revoked", "h=sha1; p=", VD_OK, VD_DKIM_REVOKED, 0},
    {"s of e-mail", "s=email:tlsrpt; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"s of all", "s=*; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"s of another service", "s=tlsrpt; " P2048, VD_OK, VD_DKIM_UNUSABLE, 2048},
    {"unknown tags", "x=1; yz=; g=*; " P2048, VD_OK, VD_DKIM_USABLE, 2048},
    {"empty segments", ";; " P2048 " ;; ", VD_OK, VD_DKIM_USABLE, 2048},
    {"a segment without =", "k=rsa; t; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"p twice", P2048 "; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"an unknown tag twice", "x=1; x=2; " P2048, VD_OK, VD_DKIM_UNUSABLE, 0},
    {"tags that differ in case only", "x=1; X=2; " P2048, VD_OK, VD_DKIM_USABLE, 2048},

    {"not base64", "p=!!!!", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"base64 of nothing known", "p=AAAA", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"base64 with a quote", "p=\"" KEY_RSA_2048 "\"", VD_OK, VD_DKIM_UNUSABLE, 0},
    {"key with its padding lost", "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAM6jEP", VD_OK,
     VD_DKIM_UNUSABLE, 0},
    {"octets behind the key", P2048 "AAAA", VD_OK, VD_DKIM_UNUSABLE, 0},
};

static void test_record_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum vd_status status = parse(rows[i].text, strlen(rows[i].text));
        if (status != rows[i].status ||
            (status == VD_OK && (dkim.state != rows[i].state || dkim.bits != rows[i].bits))) {
            print_error("%s: got %d, state %u, %u bits (%s)\n", rows[i].why, status, dkim.state,
                        dkim.bits, dkim.fault);
            fail();
        }
        if (status == VD_OK && dkim.state == VD_DKIM_UNUSABLE) {
            assert_true(strlen(dkim.fault) > 0);
        }
    }
}

static void test_flags_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse("t=y : s;p=", 10), VD_OK);
    assert_true(dkim.is_testing);
    assert_true(dkim.is_strict);
    assert_int_equal(parse("t=yes;p=", 8), VD_OK);
    assert_false(dkim.is_testing);
    assert_false(dkim.is_strict);
}

static const struct {
    const char *text;
    unsigned hashes, services;
    bool is_restricted;
} list_rows[] = {
    {P2048, 0, 0, false},
    {"h=sha256; " P2048, VD_DKIM_SHA256, 0, false},
    {"h=sha1:SHA256; " P2048, VD_DKIM_SHA1 | VD_DKIM_SHA256, 0, false},
    {"h=sha1 : sha512; " P2048, VD_DKIM_SHA1 | VD_DKIM_HASH_OTHER, 0, true},
    {"h=; " P2048, VD_DKIM_HASH_OTHER, 0, true},
    {"s=*; " P2048, 0, VD_DKIM_SERVICE_ANY, false},
    {"s=email:tlsrpt; " P2048, 0, VD_DKIM_SERVICE_EMAIL | VD_DKIM_SERVICE_OTHER, false},
    {"s=tlsrpt; " P2048, 0, VD_DKIM_SERVICE_OTHER, true},
    {"h=sha1; p=", VD_DKIM_SHA1, 0, false},
    {"h=sha1; p=AAAA", VD_DKIM_SHA1, 0, false},
};

static void test_list_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof list_rows / sizeof list_rows[0]; i++) {
        assert_int_equal(parse(list_rows[i].text, strlen(list_rows[i].text)), VD_OK);
        if (dkim.hashes != list_rows[i].hashes || dkim.services != list_rows[i].services ||
            dkim.is_restricted != list_rows[i].is_restricted) {
            print_error("%s: got h %x, s %x, %d\n", list_rows[i].text, dkim.hashes, dkim.services,
                        dkim.is_restricted);
            fail();
        }
    }
}

static void test_tags_beside_the_key_are_shown(void **state)
{
    static const char text[] = "v=DKIM1; k = RSA; g=; n= call us ; t=y:x; p=";

    (void)state;
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_true(vd_span_is_exactly(dkim.kind, "RSA"));
    assert_true(vd_span_is_exactly(dkim.note, "call us"));
    assert_true(dkim.granularity.bytes != NULL && dkim.granularity.len == 0);
    assert_true(dkim.is_testing && dkim.has_other_flags && !dkim.is_strict);
    assert_int_equal(parse("p=", 2), VD_OK);
    assert_null(dkim.kind.bytes);
    assert_null(dkim.note.bytes);
    assert_null(dkim.granularity.bytes);
    assert_false(dkim.is_testing || dkim.has_other_flags);
}

static const struct {
    const char *text;
    const char *guilty;
    bool is_duplicate;
} guilty_rows[] = {
    {"k = dsa; p=AAAA", "k = dsa", false},
    {"v=DKIM2; p=", "v=DKIM2", false},
    {"p=; v=DKIM1", "v=DKIM1", false},
    {"k=rsa; t; p=", "t", false},
    {"h=sha1; " P2048, "h=sha1", false},
    {"s=x; " P2048, "s=x", false},
    {"k=rsa; p=!", "p=!", false},
    {"p=AAAA; p=AAAB", "p=AAAB", true},
    {"x=1; p=; x=2", "x=2", true},
    {"v=DKIM1; k=rsa", "", false},
    {P2048, "", false},
};

static void test_guilty_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof guilty_rows / sizeof guilty_rows[0]; i++) {
        assert_int_equal(parse(guilty_rows[i].text, strlen(guilty_rows[i].text)), VD_OK);
        if (!vd_span_is_exactly(dkim.guilty, guilty_rows[i].guilty) ||
            dkim.is_duplicate != guilty_rows[i].is_duplicate) {
            print_error("%s: got %.*s\n", guilty_rows[i].text, (int)dkim.guilty.len,
                        (const char *)dkim.guilty.bytes);
            fail();
        }
    }
}

static void test_fingerprint_is_of_the_key_not_of_the_text(void **state)
{
    static char spaced[2000] = "n=note; v1=x;  p=";
    static const char plain[] = "v=DKIM1; " P2048;
    size_t len = strlen(spaced);

    (void)state;
    for (const char *c = KEY_RSA_2048; *c != '\0'; c++) {
        spaced[len++] = *c;
        if (len % 7 == 0) {
            spaced[len] = len % 2 == 0 ? ' ' : '\t';
            len++;
        }
    }
    assert_int_equal(parse(plain, strlen(plain)), VD_OK);
    uint32_t fingerprint = dkim.fingerprint;
    assert_int_equal(parse(spaced, len), VD_OK);
    assert_int_equal(dkim.state, VD_DKIM_USABLE);
    assert_int_equal(dkim.fingerprint, fingerprint);
    assert_int_equal(parse("p=" KEY_RSA_2048_OTHER, strlen("p=" KEY_RSA_2048_OTHER)), VD_OK);
    assert_int_not_equal(dkim.fingerprint, fingerprint);
}

static void test_every_cut_of_a_key_is_unusable(void **state)
{
    static const char text[] = P2048;

    (void)state;
    for (size_t len = 3; len < strlen(text); len++) {
        assert_int_equal(parse(text, len), VD_OK);
        assert_int_equal(dkim.state, VD_DKIM_UNUSABLE);
    }
}

/* ---- DER: octets to base64 to the reader ---------------------------------------------------------------- */

static enum vd_status rsa_bits(const uint8_t *der, size_t len, size_t *bits)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static char text[4096];
    size_t out = 0;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)der[i] << 16 | (i + 1 < len ? (uint32_t)der[i + 1] << 8 : 0) |
                         (i + 2 < len ? der[i + 2] : 0);
        text[out++] = digits[group >> 18 & 63];
        text[out++] = digits[group >> 12 & 63];
        text[out++] = i + 1 < len ? digits[group >> 6 & 63] : '=';
        text[out++] = i + 2 < len ? digits[group & 63] : '=';
    }
    return vd_key_rsa_bits((struct vd_span){(const uint8_t *)text, out}, bits);
}

static const struct {
    const char *why;
    uint8_t der[40];
    size_t len;
    enum vd_status status;
    size_t bits;
} der_rows[] = {
    {"17 and 3", {0x30, 6, 2, 1, 17, 2, 1, 3}, 8, VD_OK, 5},
    {"a zero in front of a high bit", {0x30, 7, 2, 2, 0, 0x80, 2, 1, 3}, 9, VD_OK, 8},
    {"a zero too many", {0x30, 7, 2, 2, 0, 0x7f, 2, 1, 3}, 9, VD_EFORMAT, 0},
    {"negative", {0x30, 6, 2, 1, 0x80, 2, 1, 3}, 8, VD_EFORMAT, 0},
    {"modulus 0", {0x30, 6, 2, 1, 0, 2, 1, 3}, 8, VD_EFORMAT, 0},
    {"exponent 1", {0x30, 6, 2, 1, 17, 2, 1, 1}, 8, VD_EFORMAT, 0},
    {"exponent 2", {0x30, 6, 2, 1, 17, 2, 1, 2}, 8, VD_EFORMAT, 0},
    {"exponent 65537", {0x30, 8, 2, 1, 17, 2, 3, 1, 0, 1}, 10, VD_OK, 5},
    {"no exponent", {0x30, 3, 2, 1, 17}, 5, VD_EFORMAT, 0},
    {"empty integer", {0x30, 5, 2, 0, 2, 1, 3}, 7, VD_EFORMAT, 0},
    {"something behind the exponent", {0x30, 8, 2, 1, 17, 2, 1, 3, 5, 0}, 10, VD_EFORMAT, 0},
    {"something behind it all", {0x30, 6, 2, 1, 17, 2, 1, 3, 0}, 9, VD_EFORMAT, 0},
    {"longer than it is", {0x30, 7, 2, 1, 17, 2, 1, 3}, 8, VD_EFORMAT, 0},
    {"padded length", {0x30, 0x81, 6, 2, 1, 17, 2, 1, 3}, 9, VD_EFORMAT, 0},
    {"padded length, two octets", {0x30, 0x82, 0, 6, 2, 1, 17, 2, 1, 3}, 10, VD_EFORMAT, 0},
    {"length of four octets", {0x30, 0x84, 0, 0, 0, 6, 2, 1, 17, 2, 1, 3}, 12, VD_EFORMAT, 0},
    {"indefinite length", {0x30, 0x80, 2, 1, 17, 2, 1, 3, 0, 0}, 10, VD_EFORMAT, 0},
    {"not a sequence", {0x31, 6, 2, 1, 17, 2, 1, 3}, 8, VD_EFORMAT, 0},
    {"one octet", {0x30}, 1, VD_EFORMAT, 0},
    {"empty sequence", {0x30, 0}, 2, VD_EFORMAT, 0},
    {"SPKI",
     {0x30, 26, 0x30, 13,   6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
      1,    5,  0,    0x03, 9, 0, 0x30, 6,    2,    1,    17,   2,    1, 3},
     28,
     VD_OK,
     5},
    {"SPKI with unused bits",
     {0x30, 26, 0x30, 13,   6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
      1,    5,  0,    0x03, 9, 1, 0x30, 6,    2,    1,    17,   2,    1, 3},
     28,
     VD_EFORMAT,
     0},
    {"SPKI of RSA-PSS",
     {0x30, 26, 0x30, 13,   6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
      10,   5,  0,    0x03, 9, 0, 0x30, 6,    2,    1,    17,   2,    1, 3},
     28,
     VD_OTHER,
     0},
};

static void test_der_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof der_rows / sizeof der_rows[0]; i++) {
        size_t bits = 0;
        enum vd_status status = rsa_bits(der_rows[i].der, der_rows[i].len, &bits);
        if (status != der_rows[i].status || bits != der_rows[i].bits) {
            print_error("%s: got %d, %u bits\n", der_rows[i].why, status, (unsigned)bits);
            fail();
        }
    }
}

static void test_junk_never_reads_past_its_end(void **state)
{
    static char junk[VD_TXT_LEN_MAX];
    static const char alphabet[] = "vpkhst=;; DKIM1rsaed25519ABab09+/=\t:y*";
    uint32_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        size_t len = round % 90 + (round % 40 == 0 ? 3000u : 0u);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            junk[i] = round % 3 == 0 ? (char)(seed >> 16)
                                     : alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        (void)parse(junk, len);
    }
    memset(junk, ';', sizeof junk);
    assert_int_equal(parse(junk, sizeof junk), VD_OTHER);
    assert_int_equal(parse("p=\0", 3), VD_OK);
    assert_int_equal(dkim.state, VD_DKIM_UNUSABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_table),
        cmocka_unit_test(test_flags_are_read),
        cmocka_unit_test(test_list_table),
        cmocka_unit_test(test_tags_beside_the_key_are_shown),
        cmocka_unit_test(test_guilty_table),
        cmocka_unit_test(test_fingerprint_is_of_the_key_not_of_the_text),
        cmocka_unit_test(test_every_cut_of_a_key_is_unusable),
        cmocka_unit_test(test_der_table),
        cmocka_unit_test(test_junk_never_reads_past_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
