/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/spf.h"

static struct vd_spf spf;

/* Parse a copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status parse(const char *text, size_t len)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return vd_spf_parse(copy, len, &spf);
}

struct row {
    const char *why;
    const char *text;
    enum vd_status status;
};

/* In the order of the grammar (RFC 7208, section 12). */
static const struct row grammar_rows[] = {
    {"nothing", "", VD_OTHER},
    {"the version alone", "v=spf1", VD_OK},
    {"version in capitals", "V=SPF1 -ALL", VD_OK},
    {"blanks at the end", "v=spf1 -all   ", VD_OK},
    {"no blank behind the version", "v=spf1mx", VD_OTHER},
    {"another version", "v=spf10 -all", VD_OTHER},
    {"a semicolon behind the version", "v=spf1; -all", VD_OTHER},
    {"a blank before the version", " v=spf1 -all", VD_OTHER},
    {"a cut version", "v=spf", VD_OTHER},
    {"a tab between terms", "v=spf1 mx\t-all", VD_EFORMAT},
    {"an octet over 127", "v=spf1 a:ex\xc3\xa4mple.com -all", VD_EFORMAT},
    {"a line end", "v=spf1 -all\n", VD_EFORMAT},

    {"all with every sign", "v=spf1 +all -all ?all ~all all", VD_OK},
    {"two signs", "v=spf1 --all", VD_EFORMAT},
    {"all with a colon", "v=spf1 -all:", VD_EFORMAT},
    {"all with a domain", "v=spf1 -all:example.com", VD_EFORMAT},
    {"all with a prefix", "v=spf1 all/8", VD_EFORMAT},
    {"all with a dot", "v=spf1 -all.", VD_EFORMAT},
    {"unknown mechanism", "v=spf1 ipv4:192.0.2.1 -all", VD_EFORMAT},
    {"unknown mechanism behind all", "v=spf1 -all foo", VD_EFORMAT},
    {"redirect with a colon", "v=spf1 redirect:example.com", VD_EFORMAT},
    {"a sign alone", "v=spf1 - -all", VD_EFORMAT},

    {"include", "v=spf1 include:example.com -all", VD_OK},
    {"include without domain", "v=spf1 include -all", VD_EFORMAT},
    {"include with an empty domain", "v=spf1 include: -all", VD_EFORMAT},
    {"include with a prefix", "v=spf1 include:example.com/24 -all", VD_EFORMAT},
    {"include with a blank", "v=spf1 include: example.com -all", VD_EFORMAT},
    {"exists without domain", "v=spf1 exists", VD_EFORMAT},
    {"ptr", "v=spf1 ptr ptr:example.com", VD_OK},
    {"ptr with a prefix", "v=spf1 ptr/0", VD_EFORMAT},
    {"ptr with an empty domain", "v=spf1 ptr:", VD_EFORMAT},

    {"a and mx in every form", "v=spf1 a a/24 a//64 a/24//64 mx:example.com/24//64 -all", VD_OK},
    {"prefix 0", "v=spf1 a/0//0 -all", VD_OK},
    {"prefix over 32", "v=spf1 a/33 -all", VD_EFORMAT},
    {"prefix over 128", "v=spf1 a//129 -all", VD_EFORMAT},
    {"leading zero in a prefix", "v=spf1 a/024 -all", VD_EFORMAT},
    {"prefix without digits", "v=spf1 a/ -all", VD_EFORMAT},
    {"slash and slash in a domain", "v=spf1 mx:foo:bar/baz.example.com/24 -all", VD_OK},
    {"a with an empty domain", "v=spf1 a: -all", VD_EFORMAT},
    {"a with only a top label", "v=spf1 a:museum -all", VD_EFORMAT},
    {"a with only a top label and a dot", "v=spf1 a:museum. -all", VD_EFORMAT},
    {"final dot", "v=spf1 a:example.com. -all", VD_OK},
    {"top label of digits", "v=spf1 a:abc.123 -all", VD_EFORMAT},
    {"top label with hyphen in front", "v=spf1 a:example.-com -all", VD_EFORMAT},
    {"top label with hyphen at the end", "v=spf1 a:example.com- -all", VD_EFORMAT},
    {"top label with inner hyphen", "v=spf1 a:example.xn--zckzah -all", VD_OK},
    {"top label of digits and hyphen", "v=spf1 a:example.1-2 -all", VD_OK},

    {"ip4", "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:0.0.0.0/0 -all", VD_OK},
    {"ip4 without address", "v=spf1 ip4 -all", VD_EFORMAT},
    {"ip4 with an empty address", "v=spf1 ip4: -all", VD_EFORMAT},
    {"ip4 too short", "v=spf1 ip4:192.0.2 -all", VD_EFORMAT},
    {"ip4 too long", "v=spf1 ip4:192.0.2.1.1 -all", VD_EFORMAT},
    {"ip4 over 255", "v=spf1 ip4:192.0.2.256 -all", VD_EFORMAT},
    {"ip4 with leading zeros", "v=spf1 ip4:192.0.02.1 -all", VD_EFORMAT},
    {"ip4 with a port", "v=spf1 ip4:192.0.2.1:25 -all", VD_EFORMAT},
    {"ip4 prefix over 32", "v=spf1 ip4:192.0.2.0/33 -all", VD_EFORMAT},
    {"ip4 prefix with leading zero", "v=spf1 ip4:192.0.2.0/032 -all", VD_EFORMAT},
    {"ip4 with the other prefix", "v=spf1 ip4:192.0.2.0//24 -all", VD_EFORMAT},
    {"ip4 with a name", "v=spf1 ip4:mail.example.com -all", VD_EFORMAT},
    {"ip4 with a macro", "v=spf1 ip4:%{i} -all", VD_EFORMAT},

    {"ip6", "v=spf1 ip6:2001:db8::1 ip6:2001:DB8::/32 ip6:::1 ip6::: -all", VD_OK},
    {"ip6 in full", "v=spf1 ip6:2001:db8:0:0:0:0:0:1/128 -all", VD_OK},
    {"ip6 ending in ip4", "v=spf1 ip6:::ffff:192.0.2.1 ip6:64:ff9b::192.0.2.1/96 -all", VD_OK},
    {"ip6 with gap at the end", "v=spf1 ip6:2001:db8:1:2:3:4:5:: -all", VD_OK},
    {"ip6 gap that stands for nothing", "v=spf1 ip6:1:2:3:4::5:6:7:8 -all", VD_EFORMAT},
    {"ip6 with two gaps", "v=spf1 ip6:2001::db8::1 -all", VD_EFORMAT},
    {"ip6 with three colons", "v=spf1 ip6:2001:db8:::1 -all", VD_EFORMAT},
    {"ip6 too short", "v=spf1 ip6:2001:db8:1 -all", VD_EFORMAT},
    {"ip6 too long", "v=spf1 ip6:1:2:3:4:5:6:7:8:9 -all", VD_EFORMAT},
    {"ip6 group too long", "v=spf1 ip6:2001:db8::12345 -all", VD_EFORMAT},
    {"ip6 not hex", "v=spf1 ip6:2001:db8::g -all", VD_EFORMAT},
    {"ip6 with a colon at the end", "v=spf1 ip6:1:2:3:4:5:6:7: -all", VD_EFORMAT},
    {"ip6 with a colon in front", "v=spf1 ip6::1:2:3:4:5:6:7 -all", VD_EFORMAT},
    {"ip6 with ip4 in the middle", "v=spf1 ip6:::192.0.2.1:1 -all", VD_EFORMAT},
    {"ip6 with ip4 before the gap", "v=spf1 ip6:192.0.2.1:: -all", VD_EFORMAT},
    {"ip6 with ip4 too long", "v=spf1 ip6:1:2:3:4:5:6:7:192.0.2.1 -all", VD_EFORMAT},
    {"ip6 prefix over 128", "v=spf1 ip6:2001:db8::/129 -all", VD_EFORMAT},
    {"ip6 empty", "v=spf1 ip6: -all", VD_EFORMAT},

    {"redirect", "v=spf1 redirect=example.com", VD_OK},
    {"redirect twice", "v=spf1 redirect=example.com redirect=example.com", VD_EFORMAT},
    {"redirect to nothing", "v=spf1 redirect=", VD_EFORMAT},
    {"redirect with a sign", "v=spf1 -redirect=example.com", VD_EFORMAT},
    {"exp twice", "v=spf1 -all exp=a.example exp=b.example", VD_EFORMAT},
    {"exp to nothing", "v=spf1 exp= -all", VD_EFORMAT},
    {"unknown modifier", "v=spf1 foo=bar Moo.Cow-1_x=%{d}%%%_%- empty= -all", VD_OK},
    {"unknown modifier twice", "v=spf1 foo=1 foo=2 -all", VD_OK},
    {"unknown modifier with a bad macro", "v=spf1 foo=%abc -all", VD_EFORMAT},
    {"modifier that begins with a digit", "v=spf1 1up=foo -all", VD_EFORMAT},
    {"modifier with a slash in its name", "v=spf1 moo.cow/far_out=man:dog/cat -all", VD_EFORMAT},

    {"macros", "v=spf1 exists:%{ir}.%{l1r-}.%{d2}.%{v}.example.com -all", VD_OK},
    {"macro at the end", "v=spf1 exists:_spf.%{d} -all", VD_OK},
    {"macro with every delimiter", "v=spf1 exists:%{S99R.-+,/_=}.example.com -all", VD_OK},
    {"unknown macro", "v=spf1 exists:%{x}.example.com -all", VD_EFORMAT},
    {"macro of the explanation", "v=spf1 exists:%{c}.example.com -all", VD_EFORMAT},
    {"macro with zero labels", "v=spf1 exists:%{d0}.example.com -all", VD_EFORMAT},
    {"macro not closed", "v=spf1 exists:%{d -all", VD_EFORMAT},
    {"macro without letter", "v=spf1 exists:%{}.example.com -all", VD_EFORMAT},
    {"percent alone", "v=spf1 exists:foo%.example.com -all", VD_EFORMAT},
    {"percent at the end", "v=spf1 exists:foo.com% -all", VD_EFORMAT},
    {"literal behind a macro without a dot", "v=spf1 exists:%{d}com -all", VD_EFORMAT},
};

static void test_grammar_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof grammar_rows / sizeof grammar_rows[0]; i++) {
        const struct row *row = &grammar_rows[i];
        enum vd_status status = parse(row->text, strlen(row->text));
        if (status != row->status) {
            print_error("%s: %s: wanted %d, got %d (%s)\n", row->why, row->text, row->status,
                        status, spf.fault);
            fail();
        }
        if (status == VD_EFORMAT) {
            assert_true(strlen(spf.fault) > 0);
            assert_true(spf.fault_offset + spf.fault_len <= strlen(row->text));
        }
    }
}

static void test_nul_inside_a_term_is_an_error(void **state)
{
    static const char text[] = "v=spf1 a:foo.example.com\0 -all";

    (void)state;
    assert_int_equal(parse(text, sizeof text - 1), VD_EFORMAT);
    assert_int_equal(parse("v=spf1\0-all", 11), VD_OTHER);
}

static void test_record_is_known_by_its_version_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof grammar_rows / sizeof grammar_rows[0]; i++) {
        const struct row *row = &grammar_rows[i];
        struct vd_span text = {(const uint8_t *)row->text, strlen(row->text)};
        assert_int_equal(vd_spf_is_record(text), row->status != VD_OTHER);
    }
}

static void test_terms_keep_their_parts(void **state)
{
    static const char text[] = "v=spf1 ?mx:Example.com/24//64 ~ip4:192.0.2.0/25 redirect=x.example";

    (void)state;
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_int_equal(spf.terms_count, 3);
    assert_int_equal(spf.terms[0].kind, VD_SPF_MX);
    assert_int_equal(spf.terms[0].qualifier, '?');
    assert_int_equal(spf.terms[0].prefix4, 24);
    assert_int_equal(spf.terms[0].prefix6, 64);
    assert_int_equal(spf.terms[0].offset, 7);
    assert_int_equal(spf.terms[0].len, 22);
    assert_int_equal(spf.terms[0].target_len, 11);
    assert_memory_equal(spf.text + spf.terms[0].target, "Example.com", 11);
    assert_true(vd_spf_is_lookup(&spf.terms[0]));

    struct vd_spf_network network;
    assert_int_equal(spf.terms[1].qualifier, '~');
    assert_int_equal(vd_spf_network(&spf, &spf.terms[1], &network), VD_OK);
    assert_memory_equal(network.address, "\xc0\x00\x02\x00", 4);
    assert_int_equal(network.bits, 25);
    assert_false(network.is_ip6);
    assert_int_equal(vd_spf_network(&spf, &spf.terms[0], &network), VD_OTHER);
    assert_false(vd_spf_is_lookup(&spf.terms[1]));

    assert_int_equal(spf.terms[2].kind, VD_SPF_REDIRECT);
    assert_true(vd_spf_is_lookup(&spf.terms[2]));
}

static void test_ip6_networks_are_read(void **state)
{
    static const char text[] = "v=spf1 ip6:2001:db8::1:2/64 ip6:1:2:: ip6:::ffff:192.0.2.1/95";
    static const uint8_t want[3][16] = {
        {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2},
        {0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
    };
    static const uint8_t bits[3] = {64, 128, 95};
    struct vd_spf_network network;

    (void)state;
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vd_spf_network(&spf, &spf.terms[i], &network), VD_OK);
        assert_memory_equal(network.address, want[i], 16);
        assert_int_equal(network.bits, bits[i]);
        assert_true(network.is_ip6);
    }
}

static void test_ip6_networks_of_mapped_addresses_are_ip4(void **state)
{
    static const char text[] =
        "v=spf1 ip6:::ffff:192.0.2.1 ip6:::FFFF:c000:0/100 ip6:::ffff:0:0/96";
    static const uint8_t want[3][4] = {{192, 0, 2, 1}, {192, 0, 0, 0}, {0, 0, 0, 0}};
    static const uint8_t bits[3] = {32, 4, 0};
    struct vd_spf_network network;

    (void)state;
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vd_spf_network(&spf, &spf.terms[i], &network), VD_OK);
        assert_memory_equal(network.address, want[i], 4);
        assert_int_equal(network.bits, bits[i]);
        assert_false(network.is_ip6);
    }
}

static void test_more_terms_than_places_is_full_but_a_fault_is_a_fault(void **state)
{
    char text[VD_SPF_TERMS_MAX * 3 + 40] = "v=spf1";

    (void)state;
    for (size_t i = 0; i < VD_SPF_TERMS_MAX; i++) {
        strcat(text, " mx");
    }
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_int_equal(spf.terms_count, VD_SPF_TERMS_MAX);
    strcat(text, " a");
    assert_int_equal(parse(text, strlen(text)), VD_EFULL);
    strcat(text, " x");
    assert_int_equal(parse(text, strlen(text)), VD_EFORMAT);
}

/* ---- names ------------------------------------------------------------------------------------------ */

static const struct {
    const char *spec;
    enum vd_status status;
    const char *name;
} target_rows[] = {
    {"include:_SPF.Example.COM", VD_OK, "_spf.example.com"},
    {"include:example.com.", VD_OK, "example.com"},
    {"include:%{d}", VD_OK, "mail.example.org"},
    {"include:_spf.%{d}", VD_OK, "_spf.mail.example.org"},
    {"include:%{d2}.x.net", VD_OK, "example.org.x.net"},
    {"include:%{d9}.x.net", VD_OK, "mail.example.org.x.net"},
    {"include:%{dr}.x.net", VD_OK, "org.example.mail.x.net"},
    {"include:%{d1r}.x.net", VD_OK, "mail.x.net"},
    {"include:%{D}.x.net", VD_OK, "mail.example.org.x.net"},
    {"include:%{d-}.x.net", VD_OK, "mail.example.org.x.net"},
    {"include:a%%b%-c.x.net", VD_OK, "a%b%20c.x.net"},
    {"include:a%_b.x.net", VD_OK, "a\\032b.x.net"},
    {"a", VD_OK, "mail.example.org"},
    {"mx/24", VD_OK, "mail.example.org"},
    {"ptr", VD_OK, "mail.example.org"},
    {"redirect=a.example", VD_OK, "a.example"},
    {"exp=a.example", VD_OK, "a.example"},
    {"include:%{i}.x.net", VD_OTHER, ""},
    {"include:%{ir}.%{v}.%{d}.x.net", VD_OTHER, ""},
    {"include:%{l}.x.net", VD_OTHER, ""},
    {"include:%{o}.x.net", VD_OTHER, ""},
    {"include:a..x.net", VD_EFORMAT, ""},
    {"include:.x.net", VD_EFORMAT, ""},
    {"include:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x.net", VD_EFORMAT,
     ""},
    {"include:%{d2r}.x.net", VD_OK, "example.mail.x.net"},
    {"include:%{dr}.x.net", VD_OK, "org.example.mail.x.net"},
    {"include:%{d1}.x.net", VD_OK, "org.x.net"},
    {"include:%{d9r}.x.net", VD_OK, "org.example.mail.x.net"},
    {"all", VD_EFORMAT, ""},
    {"ip4:192.0.2.1", VD_EFORMAT, ""},
    {"foo=example.com", VD_EFORMAT, ""},
};

static void test_target_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof target_rows / sizeof target_rows[0]; i++) {
        char text[200];
        char name[254];
        snprintf(text, sizeof text, "v=spf1 %s", target_rows[i].spec);
        assert_int_equal(parse(text, strlen(text)), VD_OK);
        enum vd_status status =
            vd_spf_target(&spf, &spf.terms[0], "mail.example.org", name, sizeof name);
        if (status != target_rows[i].status || strcmp(name, target_rows[i].name) != 0) {
            print_error("%s: wanted %d \"%s\", got %d \"%s\"\n", target_rows[i].spec,
                        target_rows[i].status, target_rows[i].name, status, name);
            fail();
        }
    }
}

static void test_expand_fills_in_the_sender(void **state)
{
    static const char text[] = "v=spf1 include:%{o}.%{d}";
    char name[254];

    (void)state;
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_int_equal(
        vd_spf_expand(&spf, &spf.terms[0], "b.example", "a.example", name, sizeof name), VD_OK);
    assert_string_equal(name, "a.example.b.example");
}

static void test_name_that_grows_too_long_loses_labels_on_its_left(void **state)
{
    char text[1200] = "v=spf1 include:";
    char name[254];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        strcat(text, "%{d}.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.");
    }
    strcat(text, "end.example");
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_int_equal(vd_spf_target(&spf, &spf.terms[0], "mail.example.org", name, sizeof name),
                     VD_OK);
    assert_true(strlen(name) <= 253 && strlen(name) > 190);
    assert_string_equal(name + strlen(name) - 12, "a.end.example" + 1);
}

static void test_more_macros_than_we_fill_in_are_full(void **state)
{
    char text[1200] = "v=spf1 include:";
    char name[254];

    (void)state;
    for (size_t i = 0; i < 270; i++) {
        strcat(text, "%{d}");
    }
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_int_equal(vd_spf_target(&spf, &spf.terms[0], "a.example", name, sizeof name), VD_EFULL);
    assert_string_equal(name, "");
}

static void test_target_without_room_is_full(void **state)
{
    char name[8];

    (void)state;
    assert_int_equal(parse("v=spf1 a:example.com", 20), VD_OK);
    assert_int_equal(vd_spf_target(&spf, &spf.terms[0], "x.example", name, sizeof name), VD_EFULL);
}

static void test_junk_never_reads_past_its_end(void **state)
{
    static char junk[VD_TXT_LEN_MAX];
    static const char alphabet[] = "v=spf1 amxip46:/.%{dolr}-+~?=includeredirect exsts019";
    uint32_t seed = 7;
    char name[254];

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        size_t len = round % 97 + (round % 50 == 0 ? 3000u : 0u);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            junk[i] = round % 3 == 0 ? (char)(seed >> 16)
                                     : alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        memcpy(junk, "v=spf1 ", len < 7 ? len : 7);
        if (parse(junk, len) == VD_OK) {
            for (size_t i = 0; i < spf.terms_count; i++) {
                (void)vd_spf_target(&spf, &spf.terms[i], "a.example", name, sizeof name);
            }
        }
    }
    (void)parse("", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar_table),
        cmocka_unit_test(test_nul_inside_a_term_is_an_error),
        cmocka_unit_test(test_record_is_known_by_its_version_alone),
        cmocka_unit_test(test_terms_keep_their_parts),
        cmocka_unit_test(test_ip6_networks_are_read),
        cmocka_unit_test(test_ip6_networks_of_mapped_addresses_are_ip4),
        cmocka_unit_test(test_more_terms_than_places_is_full_but_a_fault_is_a_fault),
        cmocka_unit_test(test_target_table),
        cmocka_unit_test(test_expand_fills_in_the_sender),
        cmocka_unit_test(test_name_that_grows_too_long_loses_labels_on_its_left),
        cmocka_unit_test(test_more_macros_than_we_fill_in_are_full),
        cmocka_unit_test(test_target_without_room_is_full),
        cmocka_unit_test(test_junk_never_reads_past_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
