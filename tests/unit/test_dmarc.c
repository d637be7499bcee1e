/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/dmarc.h"
#include "dns/records/tags.h"

static struct vd_dmarc dmarc;

/* A copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status parse(const char *text, size_t len)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return vd_dmarc_parse(copy, len, &dmarc);
}

static void expect_record(const char *text)
{
    assert_int_equal(parse(text, strlen(text)), VD_OK);
}

static const struct {
    const char *text;
    enum vd_status status;
} recognition_rows[] = {
    {"v=DMARC1", VD_OK},
    {"v=DMARC1;", VD_OK},
    {"v=DMARC1 ; p=none", VD_OK},
    {"v \t=\t DMARC1; p=none", VD_OK},
    {"V=DMARC1; p=none", VD_OK},
    {"", VD_OTHER},
    {"v", VD_OTHER},
    {"v=", VD_OTHER},
    {"v=dmarc1; p=none", VD_OTHER},
    {"v=DMARC; p=none", VD_OTHER},
    {"v=DMARC12; p=none", VD_OTHER},
    {"v=DMARC1 p=none", VD_OTHER},
    {"v=DMARC1, p=none", VD_OTHER},
    {" v=DMARC1; p=none", VD_OTHER},
    {"\"v=DMARC1; p=none\"", VD_OTHER},
    {"p=none; v=DMARC1", VD_OTHER},
    {";v=DMARC1; p=none", VD_OTHER},
    {"v=spf1 -all", VD_OTHER},
    {"v=DMARC1\n; p=none", VD_OTHER},
    {"\tv=DMARC1; p=none", VD_OTHER},
    {"\xe2\x80\x9cv=DMARC1; p=none\xe2\x80\x9d", VD_OTHER},
};

static void test_recognition_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recognition_rows / sizeof recognition_rows[0]; i++) {
        enum vd_status status = parse(recognition_rows[i].text, strlen(recognition_rows[i].text));
        if (status != recognition_rows[i].status) {
            print_error("%s: got %d\n", recognition_rows[i].text, status);
            fail();
        }
    }
    assert_int_equal(parse("v=DMARC1\0; p=none", 17), VD_OTHER);
}

#define RUA "; rua=mailto:a@b.example"

static const struct {
    const char *text;
    int8_t legacy_self, bis_self, legacy_sub, bis_sub, bis_np;
} strength_rows[] = {
    {"v=DMARC1; p=reject", 2, 2, 2, 2, 2},
    {"v=DMARC1; p=quarantine", 1, 1, 1, 1, 1},
    {"v=DMARC1; p=none", 0, 0, 0, 0, 0},
    {"v=DMARC1; P=ReJeCt", 2, 2, 2, 2, 2},
    {"v=DMARC1; p=reject; pct=0", 1, 2, 1, 2, 2},
    {"v=DMARC1; p=reject; pct=99", 1, 2, 1, 2, 2},
    {"v=DMARC1; p=reject; pct=100", 2, 2, 2, 2, 2},
    {"v=DMARC1; p=reject; pct=x", 2, 2, 2, 2, 2},
    {"v=DMARC1; p=reject; pct=", 2, 2, 2, 2, 2},
    {"v=DMARC1; p=reject; t=y", 2, 1, 2, 1, 1},
    {"v=DMARC1; p=reject; T=Y", 2, 1, 2, 1, 1},
    {"v=DMARC1; p=reject; pct=0; t=y", 1, 1, 1, 1, 1},
    {"v=DMARC1; p=quarantine; pct=0", 0, 1, 0, 1, 1},
    {"v=DMARC1; p=quarantine; t=y", 1, 0, 1, 0, 0},
    {"v=DMARC1; p=none; pct=0; t=y", 0, 0, 0, 0, 0},
    {"v=DMARC1; p=reject; sp=none", 2, 2, 0, 0, 0},
    {"v=DMARC1; p=none; sp=reject", 0, 0, 2, 2, 2},
    {"v=DMARC1; p=reject; sp=quarantine; np=reject", 2, 2, 1, 1, 2},
    {"v=DMARC1; p=reject; np=none", 2, 2, 2, 2, 0},

    {"v=DMARC1", -1, -1, -1, -1, -1},
    {"v=DMARC1" RUA, 0, 0, 0, 0, 0},
    {"v=DMARC1; sp=reject" RUA, 0, 0, 2, 2, 2},
    {"v=DMARC1; rua=a@b.example", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=", -1, -1, -1, -1, -1},
    {"v=DMARC1; p", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=rejct", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=rejct" RUA, 0, 0, 0, 0, 0},
    {"v=DMARC1; p=reject; sp=x", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=reject; sp=x" RUA, 0, 0, 0, 0, 0},
    {"v=DMARC1; p=reject; sp=", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=reject; np=x" RUA, 0, 0, 0, 0, 0},
    {"v=DMARC1; p=\"reject\"", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=reject; p=reject", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=reject; p=none" RUA, -1, -1, -1, -1, -1},
    {"v=DMARC1; p=reject; rua=x; RUA=y", -1, -1, -1, -1, -1},
    {"v=DMARC1; v=DMARC1; p=reject", -1, -1, -1, -1, -1},
    {"v=DMARC1; sp=reject; rua=mailto:a@b.example!10p", -1, -1, -1, -1, -1},
    {"v=DMARC1; rua=news:x", -1, -1, -1, -1, -1},
    {"v=DMARC1; p=reject; x=1; x=2", 2, 2, 2, 2, 2},
    {"v=DMARC1; p=reject; =; ;; sp; 1=2", 2, 2, 2, 2, 2},
};

static void test_strength_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strength_rows / sizeof strength_rows[0]; i++) {
        expect_record(strength_rows[i].text);
        if (dmarc.legacy_self != strength_rows[i].legacy_self ||
            dmarc.bis_self != strength_rows[i].bis_self ||
            dmarc.legacy_sub != strength_rows[i].legacy_sub ||
            dmarc.bis_sub != strength_rows[i].bis_sub || dmarc.bis_np != strength_rows[i].bis_np) {
            print_error("%s: got %d %d, %d %d %d (%s)\n", strength_rows[i].text, dmarc.legacy_self,
                        dmarc.bis_self, dmarc.legacy_sub, dmarc.bis_sub, dmarc.bis_np, dmarc.fault);
            fail();
        }
    }
}

static void test_fault_names_the_guilty_tag(void **state)
{
    (void)state;
    expect_record("v=DMARC1; p=reject; Sp = off ; np=none" RUA);
    assert_string_equal(dmarc.fault, "sp= is none of none, quarantine, reject");
    assert_int_equal(dmarc.guilty.len, 8);
    assert_memory_equal(dmarc.guilty.bytes, "Sp = off", 8);
    expect_record("v=DMARC1; p=reject; adkim=s; adkim=r");
    assert_true(dmarc.is_ambiguous);
    assert_memory_equal(dmarc.guilty.bytes, "adkim=r", 7);
    expect_record("v=DMARC1; p=none");
    assert_string_equal(dmarc.fault, "");
}

static void test_tags_have_their_defaults(void **state)
{
    (void)state;
    expect_record("v=DMARC1; p=reject; adkim=x; aspf=; psd=q; t=maybe; fo=01");
    assert_false(dmarc.is_strict_dkim);
    assert_false(dmarc.is_strict_spf);
    assert_false(dmarc.is_testing);
    assert_int_equal(dmarc.psd, 'u');
    assert_int_equal(dmarc.pct, 100);
    assert_false(dmarc.has_rua);
    expect_record("v=DMARC1; p=reject; adkim=S; ASPF=s; psd=N; pct=7");
    assert_true(dmarc.is_strict_dkim);
    assert_true(dmarc.is_strict_spf);
    assert_int_equal(dmarc.psd, 'n');
    assert_int_equal(dmarc.pct, 7);
}

static const struct {
    const char *rua;
    bool has_rua;
} rua_rows[] = {
    {"mailto:a@b.example", true},
    {"MAILTO:a@b.example!10m", true},
    {"mailto:a@b.example ! 2G", true},
    {"a@b.example", false},
    {"a@b.example, mailto:a@b.example", true},
    {"__mailto:a@b.example", false},
    {"mailto:", false},
    {"mailto:a", false},
    {"mailto:@b.example", false},
    {"mailto:a@", false},
    {"mailto:a b@c.example", false},
    {"https://b.example/report", false},
    {"", false},
    {",,", false},
    {"!10m", false},
    {"mailto:a@b.example!", false},
    {"mailto:a@b.example!10p", false},
    {"mailto:a@b..example", false},
};

static void test_rua_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rua_rows / sizeof rua_rows[0]; i++) {
        char text[200] = "v=DMARC1; p=none; rua=";
        strcat(text, rua_rows[i].rua);
        expect_record(text);
        if (dmarc.has_rua != rua_rows[i].has_rua) {
            print_error("rua=%s\n", rua_rows[i].rua);
            fail();
        }
    }
}

static void test_rua_of_another_scheme_is_an_address_for_the_policy_rule(void **state)
{
    (void)state;
    expect_record("v=DMARC1; p=x; rua=https://b.example/report");
    assert_int_equal(dmarc.legacy_self, 0);
    assert_false(dmarc.has_rua);
}

static void test_rua_set_knows_no_order_and_no_size(void **state)
{
    (void)state;
    expect_record("v=DMARC1; p=none; rua=mailto:a@b.example,mailto:c@d.example!10m");
    uint32_t set = dmarc.rua_set;
    expect_record("v=DMARC1; rua = mailto:c@d.example , mailto:a@b.example; p=none");
    assert_int_equal(dmarc.rua_set, set);
    expect_record("v=DMARC1; p=none; rua=mailto:a@b.example");
    assert_int_not_equal(dmarc.rua_set, set);
}

static void test_ruf_set_knows_no_order_and_nothing_of_rua(void **state)
{
    (void)state;
    expect_record("v=DMARC1; p=none; rua=mailto:a@b.example");
    assert_false(dmarc.has_ruf);
    assert_int_equal(dmarc.ruf_set, 0);
    expect_record("v=DMARC1; p=none; ruf=mailto:a@b.example, MAILTO:c@D.example!1m");
    uint32_t set = dmarc.ruf_set;
    assert_true(dmarc.has_ruf);
    assert_false(dmarc.has_rua);
    assert_int_equal(dmarc.rua_set, 0);
    expect_record(
        "v=DMARC1; p=none; ruf=mailto:c@d.example,mailto:a@b.example; rua=mailto:x@y.example");
    assert_int_equal(dmarc.ruf_set, set);
    expect_record("v=DMARC1; p=none; ruf=mailto:c@d.example");
    assert_int_not_equal(dmarc.ruf_set, set);
    expect_record("v=DMARC1; p=none; ruf=a@b.example");
    assert_false(dmarc.has_ruf);
}

/* The second record of a row is the first one in other words, or is not. */
static const struct {
    const char *why;
    const char *a, *b;
    bool is_same;
} extras_rows[] = {
    {"blanks", "fo=1:d; ri=60", "fo = 1 : d ;ri= 60", true},
    {"order of tags", "fo=1; rf=x; ri=60; y=z", "y=z; ri=60; rf=x; fo=1", true},
    {"order of options", "fo=d:s", "fo=s:d", true},
    {"case", "fo=D; RF=X", "FO=d; rf=x", true},
    {"a default that is written", "sp=none", "sp=none; fo=0; rf=afrf; ri=86400", true},
    {"an empty value", "sp=none", "sp=none; fo=", true},
    {"an option more", "fo=d", "fo=d:s", false},
    {"another interval", "ri=60", "ri=61", false},
    {"another format", "rf=afrf", "rf=iodef", false},
    {"an unknown tag", "sp=none", "sp=none; x=y", false},
    {"an unknown tag's value", "x=y", "x=z", false},
    {"an unknown tag's name", "x=y", "z=y", false},
    {"a size", "rua=mailto:a@b.example", "rua=mailto:a@b.example!10m", false},
    {"another size", "ruf=mailto:a@b.example!1m", "ruf=mailto:a@b.example!2m", false},
    {"a ruf more", "fo=1", "fo=1; ruf=mailto:a@b.example", true},
    {"psd", "fo=1", "fo=1; psd=n", true},
    {"policy, alignment, pct and t", "fo=1", "fo=1; adkim=s; aspf=s; pct=5; t=y; sp=none", true},
};

static void test_extras_table(void **state)
{
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof extras_rows / sizeof extras_rows[0]; i++) {
        strcpy(text, "v=DMARC1; p=none; ");
        strcat(text, extras_rows[i].a);
        expect_record(text);
        uint32_t extras = dmarc.extras;
        strcpy(text, "v=DMARC1; p=none; ");
        strcat(text, extras_rows[i].b);
        expect_record(text);
        if ((dmarc.extras == extras) != extras_rows[i].is_same) {
            print_error("%s\n", extras_rows[i].why);
            fail();
        }
    }
}

static const struct {
    const char *text;
    unsigned lints;
} lint_rows[] = {
    {"v=DMARC1; p=none; rua=mailto:a@b.example; fo=d:s", 0},
    {"v=DMARC1; p=none; fo=1; x=y;;", 0},
    {"v=DMARC1; rua=mailto:a@b.example", 0},
    {"v=DMARC1; sp=none; p=none", VD_DMARC_LINT_P_NOT_SECOND},
    {"v=DMARC1; x=y; p=none", VD_DMARC_LINT_P_NOT_SECOND},
    {"V=DMARC1; p=none", VD_DMARC_LINT_NAME_CASE},
    {"v=DMARC1; p=none; Xyz=1", VD_DMARC_LINT_NAME_CASE},
    {"v=DMARC1; p=none; fo=0:d", VD_DMARC_LINT_FO},
    {"v=DMARC1; p=none; fo=1:s", VD_DMARC_LINT_FO},
    {"v=DMARC1; p=none; fo=0:1:d:s", VD_DMARC_LINT_FO},
    {"v=DMARC1; p=none; fo=01", VD_DMARC_LINT_FO},
    {"v=DMARC1; p=none; fo=", VD_DMARC_LINT_FO},
    {"v=DMARC1; p=none; pct=100", VD_DMARC_LINT_HISTORIC},
    {"v=DMARC1; p=none; rf=afrf", VD_DMARC_LINT_HISTORIC},
    {"v=DMARC1; p=none; ri=60", VD_DMARC_LINT_HISTORIC},
    {"v=DMARC1; p=none; rua=mailto:a@b.example!1m", VD_DMARC_LINT_SIZE},
    {"v=DMARC1; p=none; tagonly", VD_DMARC_LINT_NO_VALUE},
    {"v=DMARC1; p=none; =x", VD_DMARC_LINT_NO_VALUE},
    {"v=DMARC1; p=none; rua=a@b.example", VD_DMARC_LINT_URI},
    {"v=DMARC1; p=none; ruf=mailto:a@b.example,x", VD_DMARC_LINT_URI},
};

static void test_lint_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lint_rows / sizeof lint_rows[0]; i++) {
        expect_record(lint_rows[i].text);
        if (dmarc.lints != lint_rows[i].lints) {
            print_error("%s: got %x\n", lint_rows[i].text, dmarc.lints);
            fail();
        }
    }
}

static void test_tag_written_twice_keeps_the_weaker_of_both(void **state)
{
    (void)state;
    expect_record("v=DMARC1; p=reject; p=quarantine; rua=mailto:a@b.example");
    assert_true(dmarc.is_ambiguous);
    assert_int_equal(dmarc.p, VD_DMARC_QUARANTINE);
    assert_memory_equal(dmarc.guilty.bytes, "p=quarantine", 12);
    expect_record("v=DMARC1; p=quarantine; p=reject");
    assert_int_equal(dmarc.p, VD_DMARC_QUARANTINE);
    expect_record("v=DMARC1; p=reject; p=rejct");
    assert_int_equal(dmarc.p, VD_DMARC_NO_RECORD);
    expect_record("v=DMARC1; p=reject; sp=reject; sp=none; np=reject");
    assert_int_equal(dmarc.p, VD_DMARC_REJECT);
    assert_int_equal(dmarc.sp, VD_DMARC_NONE);
    assert_int_equal(dmarc.np, VD_DMARC_REJECT);
    expect_record("v=DMARC1; p=reject; adkim=s; adkim=r; aspf=s; aspf=s; pct=10; pct=20; t=n; t=y");
    assert_false(dmarc.is_strict_dkim);
    assert_true(dmarc.is_strict_spf);
    assert_int_equal(dmarc.pct, 10);
    assert_true(dmarc.is_testing);
    expect_record("v=DMARC1; p=reject; rua=mailto:a@b.example; rua=x; psd=y; psd=n");
    assert_false(dmarc.has_rua);
    assert_int_equal(dmarc.psd, 'u');
    expect_record("v=DMARC1; p=reject");
    assert_false(dmarc.is_ambiguous);
}

static void test_a_tag_list_is_taken_apart(void **state)
{
    static const char text[] = " a = 1 2 ;; b2_= ; c ; =x; d==y";
    struct vd_tags tags;
    struct vd_tag tag;

    (void)state;
    vd_tags_start(&tags, (struct vd_span){(const uint8_t *)text, sizeof text - 1});
    assert_true(vd_tags_next(&tags, &tag));
    assert_true(vd_span_is_exactly(tag.name, "a") && vd_span_is_exactly(tag.value, "1 2"));
    assert_true(vd_tags_next(&tags, &tag));
    assert_true(vd_span_is_exactly(tag.name, "b2_") && tag.value.len == 0 && tag.is_well_formed);
    assert_true(vd_tags_next(&tags, &tag));
    assert_true(vd_span_is_exactly(tag.name, "c") && !tag.is_well_formed);
    assert_true(vd_tags_next(&tags, &tag));
    assert_false(tag.is_well_formed);
    assert_true(vd_tags_next(&tags, &tag));
    assert_true(vd_span_is_exactly(tag.name, "d") && vd_span_is_exactly(tag.value, "=y"));
    assert_false(vd_tags_next(&tags, &tag));
    assert_false(vd_tags_next(&tags, &tag));
    vd_tags_start(&tags, (struct vd_span){NULL, 0});
    assert_false(vd_tags_next(&tags, &tag));
}

static void test_junk_never_reads_past_its_end(void **state)
{
    static char junk[VD_TXT_LEN_MAX];
    static const char alphabet[] = "vpsnDMARC1=;; reject,mailto:@rua!pct059y\t";
    uint32_t seed = 5;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        size_t len = round % 90 + (round % 40 == 0 ? 4000u : 0u);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            junk[i] = round % 3 == 0 ? (char)(seed >> 16)
                                     : alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        memcpy(junk, "v=DMARC1;", len < 9 ? len : 9);
        (void)parse(junk, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recognition_table),
        cmocka_unit_test(test_strength_table),
        cmocka_unit_test(test_fault_names_the_guilty_tag),
        cmocka_unit_test(test_tags_have_their_defaults),
        cmocka_unit_test(test_rua_table),
        cmocka_unit_test(test_rua_of_another_scheme_is_an_address_for_the_policy_rule),
        cmocka_unit_test(test_rua_set_knows_no_order_and_no_size),
        cmocka_unit_test(test_ruf_set_knows_no_order_and_nothing_of_rua),
        cmocka_unit_test(test_extras_table),
        cmocka_unit_test(test_lint_table),
        cmocka_unit_test(test_tag_written_twice_keeps_the_weaker_of_both),
        cmocka_unit_test(test_a_tag_list_is_taken_apart),
        cmocka_unit_test(test_junk_never_reads_past_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
