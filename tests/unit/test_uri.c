/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/uri.h"

static uint8_t *copy;

/* A copy of exactly that many octets, so that a read past the end is seen. */
static struct vd_span span_of(const char *text)
{
    size_t len = strlen(text);

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return (struct vd_span){copy, len};
}

static int teardown(void **state)
{
    (void)state;
    free(copy);
    copy = NULL;
    return 0;
}

static const struct {
    const char *why;
    const char *item;
    enum vd_status status;
    const char *host;
    bool is_mailto;
} rows[] = {
    {"a mailbox", "mailto:a@b.example", VD_OK, "b.example", true},
    {"a scheme in capitals", "MAILTO:a@B.example", VD_OK, "B.example", true},
    {"headers behind the address", "mailto:a@b.example?subject=x@y", VD_OK, "b.example", true},
    {"percent-encoded", "mailto:a%20c@b.example", VD_OK, "b.example", true},
    {"an encoded exclamation mark", "mailto:a%21c@b.example", VD_OK, "b.example", true},
    {"two at signs", "mailto:a@c@b.example", VD_OK, "b.example", true},
    {"an underscore", "mailto:a@_dmarc.b.example", VD_OK, "_dmarc.b.example", true},
    {"https", "https://c.example/v1", VD_OK, "c.example", false},
    {"https with all there is", "https://u:p@c.example:8443/x?y#z", VD_OK, "c.example", false},
    {"https to an address", "https://[2001:db8::1]:443/", VD_OK, "[2001:db8::1]", false},
    {"an at sign in the path", "https://c.example/a@d.example", VD_OK, "c.example", false},
    {"another scheme", "ftp://abuse.example", VD_OK, "abuse.example", false},

    {"a bare address", "a@b.example", VD_EFORMAT, NULL, false},
    {"a colon, but no scheme", "_mailto:a@b.example", VD_EFORMAT, NULL, false},
    {"nothing before the colon", ":a@b.example", VD_EFORMAT, NULL, false},
    {"nothing behind it", "mailto:", VD_EFORMAT, NULL, false},
    {"no at sign", "mailto:b.example", VD_EFORMAT, NULL, false},
    {"two slashes and no at sign", "mailto://b.example", VD_EFORMAT, NULL, false},
    {"no mailbox", "mailto:@b.example", VD_EFORMAT, NULL, false},
    {"no domain", "mailto:a@", VD_EFORMAT, NULL, false},
    {"an empty label", "mailto:a@b..example", VD_EFORMAT, NULL, false},
    {"a dot in front", "mailto:a@.example", VD_EFORMAT, NULL, false},
    {"a blank inside", "mailto:a b@c.example", VD_EFORMAT, NULL, false},
    {"words behind it", "mailto:a@b.example other", VD_EFORMAT, NULL, false},
    {"a quote", "mailto:a@b.example\"", VD_EFORMAT, NULL, false},
    {"angle brackets", "<mailto:a@b.example>", VD_EFORMAT, NULL, false},
    {"a percent sign at the end", "https://c.example/%", VD_EFORMAT, NULL, false},
    {"a percent sign before no digits", "https://c.example/%4x", VD_EFORMAT, NULL, false},
    {"an octet beyond ASCII", "mailto:\xc3\xbc@b.example", VD_EFORMAT, NULL, false},
    {"a delete", "mailto:a\x7f@b.example", VD_EFORMAT, NULL, false},
    {"https without a host", "https:///v1", VD_EFORMAT, NULL, false},
    {"https with a port alone", "https://:443/", VD_EFORMAT, NULL, false},
    {"https without slashes", "https:c.example", VD_EFORMAT, NULL, false},
    {"an address that does not close", "https://[2001:db8::1/", VD_EFORMAT, NULL, false},
    {"empty brackets", "https://[]/", VD_EFORMAT, NULL, false},
    {"nothing", "", VD_EFORMAT, NULL, false},
    {"blanks", "  ", VD_EFORMAT, NULL, false},
};

static void test_item_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vd_span list = span_of(rows[i].item);
        struct vd_uri uri;
        enum vd_status status = vd_uri_next(&list, &uri);
        bool is_right = status == rows[i].status;
        if (is_right && status == VD_OK) {
            is_right = vd_span_is_exactly(uri.host, rows[i].host) &&
                       vd_span_is_exactly(uri.text, rows[i].item) &&
                       uri.is_mailto == rows[i].is_mailto;
        }
        if (!is_right) {
            print_error("%s: got %d, host %.*s\n", rows[i].why, status, (int)uri.host.len,
                        (const char *)uri.host.bytes);
            fail();
        }
        assert_int_equal(vd_uri_next(&list, &uri), VD_OTHER);
    }
}

static const struct {
    const char *item;
    const char *size; /* NULL: no size, and so no address */
} sizes[] = {
    {"!10m", "10m"},
    {"!10 K", "10 K"},
    {" ! 2G ", "2G"},
    {"!0", "0"},
    {"!1t", "1t"},
    {"!9999999999999999999", "9999999999999999999"},
    {"!", NULL},
    {"!m", NULL},
    {"!10p", NULL},
    {"!10mm", NULL},
    {"!10m!10m", NULL},
    {"!-1", NULL},
    {"!99999999999999999999", NULL},
};

static void test_size_is_cut_off_and_must_be_one(void **state)
{
    char text[80];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct vd_uri uri;
        strcpy(text, "mailto:a@b.example");
        strcat(text, sizes[i].item);
        struct vd_span list = span_of(text);
        enum vd_status status = vd_uri_next(&list, &uri);
        bool is_right = sizes[i].size == NULL
                            ? status == VD_EFORMAT
                            : status == VD_OK && vd_span_is_exactly(uri.size, sizes[i].size);
        if (!is_right || !vd_span_is_exactly(uri.text, "mailto:a@b.example")) {
            print_error("%s: got %d\n", text, status);
            fail();
        }
    }
}

static void test_list_goes_on_behind_what_is_no_uri(void **state)
{
    struct vd_span list = span_of("mailto:a@b.example , c@d.example,,https://e.example/x");
    struct vd_uri uri;

    (void)state;
    assert_int_equal(vd_uri_next(&list, &uri), VD_OK);
    assert_true(vd_span_is_exactly(uri.text, "mailto:a@b.example"));
    assert_int_equal(vd_uri_next(&list, &uri), VD_EFORMAT);
    assert_true(vd_span_is_exactly(uri.text, "c@d.example"));
    assert_int_equal(uri.host.len, 0);
    assert_int_equal(vd_uri_next(&list, &uri), VD_EFORMAT);
    assert_int_equal(vd_uri_next(&list, &uri), VD_OK);
    assert_true(vd_span_is_exactly(uri.scheme, "https"));
    assert_int_equal(vd_uri_next(&list, &uri), VD_OTHER);
    assert_int_equal(vd_uri_next(&list, &uri), VD_OTHER);
}

static void test_no_list_has_no_items(void **state)
{
    struct vd_span list = {NULL, 0};
    struct vd_uri uri;

    (void)state;
    assert_int_equal(vd_uri_next(&list, &uri), VD_OTHER);
}

static uint32_t hash_of(const char *text)
{
    struct vd_span list = span_of(text);
    struct vd_uri uri;

    assert_int_equal(vd_uri_next(&list, &uri), VD_OK);
    return vd_uri_hash(&uri);
}

static void test_hash_is_blind_to_case_of_scheme_and_host_and_to_size(void **state)
{
    (void)state;
    uint32_t hash = hash_of("mailto:a@b.example");
    assert_int_equal(hash_of(" MailTo:a@B.Example!10m "), hash);
    assert_int_not_equal(hash_of("mailto:A@b.example"), hash);
    assert_int_not_equal(hash_of("mailto:a@c.example"), hash);
    hash = hash_of("https://c.example/Path");
    assert_int_equal(hash_of("HTTPS://C.example/Path"), hash);
    assert_int_not_equal(hash_of("https://c.example/path"), hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_item_table),
        cmocka_unit_test(test_size_is_cut_off_and_must_be_one),
        cmocka_unit_test(test_list_goes_on_behind_what_is_no_uri),
        cmocka_unit_test(test_no_list_has_no_items),
        cmocka_unit_test(test_hash_is_blind_to_case_of_scheme_and_host_and_to_size),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
