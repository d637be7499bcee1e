/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/spf_check_world.h"

/* ---- records (sections 4.3 to 4.5) --------------------------------------------------------- */

static void test_records_at_the_domain(void **state)
{
    static const struct row rows[] = {
        {"nothing there", "", OUR4, NONE},
        {"other texts only", "example.com TXT v=DMARC1\nexample.com TXT v=spf10 -all", OUR4, NONE},
        {"one beside other texts", "example.com TXT foo\n" SPF "-all", OUR4, FAIL},
        {"two, even the same", SPF "-all\n" SPF "-all", OUR4, PERM(RECORDS)},
        {"timeout", "example.com TXT !timeout", OUR4, TEMP},
        {"SERVFAIL", "example.com TXT !servfail", OUR4, TEMP},
        {"nothing but the version", "example.com TXT v=spf1", OUR4, NEUTRAL},
        {"nothing matches", SPF "ip4:203.0.113.1", OUR4, NEUTRAL},
        {"a syntax error behind a match", SPF "+all foo", OUR4, PERM(SYNTAX)},
        {"all with each sign: -", SPF "-all", OUR4, FAIL},
        {"~", SPF "~all", OUR4, SOFTFAIL},
        {"?", SPF "?all", OUR4, NEUTRAL},
        {"+", SPF "+all", OUR4, PASS},
        {"none written", SPF "all", OUR4, PASS},
        {"the first match counts", SPF "?ip4:192.0.2.10 -ip4:192.0.2.0/24 +all", OUR4, NEUTRAL},
        {"unknown modifiers are nothing", SPF "foo=%{i} -all", OUR4, FAIL},
        {"exp= is not looked at", SPF "-all exp=gone.example.org", OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_what_is_no_domain_name_has_no_record(void **state)
{
    static const char *const names[] = {
        "localhost",
        "",
        ".",
        "a..example.com",
        "com.",
        "a123456789012345678901234567890123456789012345678901234567890123.example.com"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct vd_spf_mail mail = mail_from(OUR4, "user@example.com");
        assert_int_equal(run_mail("", names[i], &mail).result, VD_SPF_NONE);
        assert_int_equal(snapshot.answers_count, 0);
    }
}

/* ---- mechanisms (section 5) ---------------------------------------------------------------- */

static void test_networks(void **state)
{
    static const struct row rows[] = {
        {"the address", SPF "ip4:192.0.2.10 -all", OUR4, PASS},
        {"another", SPF "ip4:192.0.2.11 -all", OUR4, FAIL},
        {"last of /31", SPF "ip4:192.0.2.11/31 -all", OUR4, PASS},
        {"outside of /25", SPF "ip4:192.0.2.128/25 -all", OUR4, FAIL},
        {"everybody", SPF "ip4:1.2.3.4/0 -all", OUR4, PASS},
        {"everybody of the other family", SPF "ip6:::/0 -all", OUR4, FAIL},
        {"ip6", SPF "ip6:2001:db8::/32 -all", OUR6, PASS},
        {"ip6, by its last bit", SPF "ip6:2001:db8::24/127 -all", OUR6, PASS},
        {"ip6, next to it", SPF "ip6:2001:db8::24/128 -all", OUR6, FAIL},
        {"ip4 and an IPv6 sender", SPF "ip4:0.0.0.0/0 -all", OUR6, FAIL},
        {"a mapped sender is IPv4", SPF "ip4:192.0.2.10 -all", MAPPED, PASS},
        {"and no IPv6", SPF "ip6:::/0 -all", MAPPED, FAIL},
        {"a mapped network is IPv4", SPF "ip6:::ffff:192.0.2.0/120 -all", OUR4, PASS},
        {"with its own prefix", SPF "ip6:::ffff:192.0.2.0/125 -all", OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_a(void **state)
{
    static const struct row rows[] = {
        {"the own name", SPF "a -all\nexample.com A 192.0.2.10", OUR4, PASS},
        {"another name", SPF "a:m.example.org -all\nm.example.org A 192.0.2.10", OUR4, PASS},
        {"the second address", SPF "a -all\nexample.com A 192.0.2.1\nexample.com A 192.0.2.10",
         OUR4, PASS},
        {"an IPv4 prefix", SPF "a/24 -all\nexample.com A 192.0.2.1", OUR4, PASS},
        {"dual, IPv4", SPF "a/24//32 -all\nexample.com A 192.0.2.1", OUR4, PASS},
        {"dual, IPv6", SPF "a/24//32 -all\nexample.com AAAA 2001:db8:1::", OUR6, PASS},
        {"IPv6 needs AAAA", SPF "a//0 -all\nexample.com A 192.0.2.10", OUR6, FAIL},
        {"/0 needs an address", SPF "a/0 -all", OUR4, FAIL},
        {"/0 and any address", SPF "a/0 -all\nexample.com A 203.0.113.1", OUR4, PASS},
        {"timeout", SPF "a -all\nexample.com A !timeout", OUR4, TEMP},
        {"timeout of what is not asked", SPF "a -all\nexample.com A !timeout", OUR6, FAIL},
        {"an empty label", SPF "a:m..example.org -all", OUR4, PERM(NAME)},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_mx(void **state)
{
    static const struct row rows[] = {
        {"second host",
         SPF "mx -all\nexample.com MX 5 a.example.org\nexample.com MX 9 "
             "b.example.org\na.example.org A 192.0.2.1\nb.example.org A 192.0.2.10",
         OUR4, PASS},
        {"prefix of a host",
         SPF "mx/24 -all\nexample.com MX 5 a.example.org\na.example.org A 192.0.2.1", OUR4, PASS},
        {"IPv6 prefix of a host",
         SPF "mx/1//64 -all\nexample.com MX 5 a.example.org\na.example.org "
             "AAAA 2001:db8::1\na.example.org A 192.0.2.10",
         OUR6, PASS},
        {"no implicit MX", SPF "mx -all\nexample.com A 192.0.2.10", OUR4, FAIL},
        {"null MX", SPF "mx -all\nexample.com MX 0 .\n. A 192.0.2.10", OUR4, FAIL},
        {"a host without address is no void lookup",
         SPF "mx mx mx -all\nexample.com MX 5 a.example.org", OUR4, FAIL},
        {"timeout of the list", SPF "mx -all\nexample.com MX !timeout", OUR4, TEMP},
        {"timeout of a host",
         SPF "mx -all\nexample.com MX 5 a.example.org\na.example.org A !timeout", OUR4, TEMP},
        {"a match outweighs another host's timeout",
         SPF
         "mx -all\nexample.com MX 5 a.example.org\nexample.com MX 6 b.example.org\na.example.org "
         "A !timeout\nb.example.org A 192.0.2.10",
         OUR4, PASS},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

#define MX(n)   "example.com MX " #n " h" #n ".example.org\nh" #n ".example.org A 192.0.2." #n "\n"
#define TEN_MX  MX(1) MX(2) MX(3) MX(4) MX(5) MX(6) MX(7) MX(8) MX(9) MX(10)
#define EVEN_MX MX(20) MX(11)

static void test_mx_of_more_than_ten_hosts(void **state)
{
    static const struct row rows[] = {
        {"ten are fine", SPF "mx -all\n" TEN_MX, "192.0.2.77", FAIL},
        {"the tenth of ten", SPF "mx -all\n" TEN_MX, "192.0.2.10", PASS},
        {"eleven and no match", SPF "mx -all\n" TEN_MX EVEN_MX, "192.0.2.77", PERM(MX)},
        {"the tenth of twelve", SPF "mx -all\n" TEN_MX EVEN_MX, "192.0.2.10", PASS},
        {"the eleventh is not looked at", SPF "mx -all\n" TEN_MX EVEN_MX, "192.0.2.11", PERM(MX)},
        {"preference decides, not the order of the answer", SPF "mx -all\n" EVEN_MX TEN_MX,
         "192.0.2.10", PASS},
        {"whatever the order", SPF "mx -all\n" EVEN_MX TEN_MX, "192.0.2.11", PERM(MX)},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_exists(void **state)
{
    static const struct row rows[] = {
        {"an address", SPF "exists:e.example.org -all\ne.example.org A 127.0.0.2", OUR4, PASS},
        {"none", SPF "exists:e.example.org -all", OUR4, FAIL},
        {"IPv4 even for IPv6", SPF "exists:e.example.org -all\ne.example.org A 127.0.0.2", OUR6,
         PASS},
        {"IPv6 is not looked at", SPF "exists:e.example.org -all\ne.example.org AAAA ::1", OUR6,
         FAIL},
        {"by address",
         SPF "exists:%{ir}.%{v}.%{d} -all\n10.2.0.192.in-addr.example.com A 127.0.0.2", OUR4, PASS},
        {"by local part", SPF "exists:%{l}.e.example.org -all\nuser.e.example.org A 127.0.0.2",
         OUR4, PASS},
        {"by HELO",
         SPF "exists:%{h}.e.example.org -all\nmail.example.com.e.example.org A 127.0.0.2", OUR4,
         PASS},
        {"timeout", SPF "exists:e.example.org -all\ne.example.org A !timeout", OUR6, TEMP},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_ptr(void **state)
{
    static const struct row rows[] = {
        {"the domain itself", SPF "ptr -all\n" PTR4 "example.com\nexample.com A 192.0.2.10", OUR4,
         PASS},
        {"below it", SPF "ptr -all\n" PTR4 "a.b.example.com\na.b.example.com A 192.0.2.10", OUR4,
         PASS},
        {"elsewhere", SPF "ptr -all\n" PTR4 "a.example.org\na.example.org A 192.0.2.10", OUR4,
         FAIL},
        {"ends alike, but no label",
         SPF "ptr -all\n" PTR4 "badexample.com\nbadexample.com A "
             "192.0.2.10",
         OUR4, FAIL},
        {"named elsewhere",
         SPF "ptr:example.org -all\n" PTR4 "a.example.org\na.example.org A "
             "192.0.2.10",
         OUR4, PASS},
        {"the address does not agree", SPF "ptr -all\n" PTR4 "example.com\nexample.com A 192.0.2.1",
         OUR4, FAIL},
        {"IPv6", SPF "ptr -all\n" PTR6 "m.example.com\nm.example.com AAAA 2001:db8::25", OUR6,
         PASS},
        {"timeout is no match", SPF "ptr -all\n" PTR4 "!timeout", OUR4, FAIL},
        {"timeout of one name is passed over",
         SPF "ptr -all\n" PTR4 "a.example.com\n" PTR4
             "b.example.com\na.example.com A !timeout\nb.example.com A 192.0.2.10",
         OUR4, PASS},
        {"no name", SPF "ptr -all", OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

#define NAMES10                                                                                    \
    PTR4 "a.example.org\n" PTR4 "b.example.org\n" PTR4 "c.example.org\n" PTR4                      \
         "d.example.org\n" PTR4 "e.example.org\n" PTR4 "f.example.org\n" PTR4                      \
         "g.example.org\n" PTR4 "h.example.org\n" PTR4 "i.example.org\n" PTR4 "j.example.org\n"

static void test_names_of_an_address_beyond_the_tenth_are_not_looked_at(void **state)
{
    static const struct row rows[] = {
        {"the tenth", SPF "ptr:j.example.org -all\n" NAMES10 "j.example.org A 192.0.2.10", OUR4,
         PASS},
        {"the eleventh", SPF "ptr -all\n" NAMES10 PTR4 "example.com\nexample.com A 192.0.2.10",
         OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_validated_name_prefers_the_domain(void **state)
{
#define EXISTS_P SPF "exists:%{p}.e.example.org -all\n"
    static const struct row rows[] = {
        {"nothing validated is 'unknown'", EXISTS_P "unknown.e.example.org A 127.0.0.2", OUR4,
         PASS},
        {"an error is 'unknown'", EXISTS_P PTR4 "!servfail\nunknown.e.example.org A 127.0.0.2",
         OUR4, PASS},
        {"any name, if it is validated",
         EXISTS_P PTR4 "m.example.org\nm.example.org A "
                       "192.0.2.10\nm.example.org.e.example.org A 127.0.0.2",
         OUR4, PASS},
        {"one below the domain first",
         EXISTS_P PTR4 "m.example.org\n" PTR4
                       "m.example.com\nm.example.org A 192.0.2.10\nm.example.com A "
                       "192.0.2.10\nm.example.com.e.example.org A 127.0.0.2",
         OUR4, PASS},
        {"the domain before all",
         EXISTS_P PTR4 "m.example.com\n" PTR4
                       "example.com\nexample.com A 192.0.2.10\nm.example.com A "
                       "192.0.2.10\nexample.com.e.example.org A 127.0.0.2",
         OUR4, PASS},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

/* ---- include: and redirect= (sections 5.2, 6.1) -------------------------------------------- */

#define INC SPF "include:inc.example.org ?all\ninc.example.org TXT "

static void test_include(void **state)
{
    static const struct row rows[] = {
        {"passes", INC "v=spf1 ip4:192.0.2.10 -all", OUR4, PASS},
        {"its sign counts", SPF "-include:inc.example.org +all\ninc.example.org TXT v=spf1 +all",
         OUR4, FAIL},
        {"fails: no match", INC "v=spf1 -all", OUR4, NEUTRAL},
        {"softfails: no match", INC "v=spf1 ~all", OUR4, NEUTRAL},
        {"neutral: no match", INC "v=spf1", OUR4, NEUTRAL},
        {"temporary error", INC "!timeout", OUR4, TEMP},
        {"permanent error", INC "v=spf1 foo", OUR4, PERM(SYNTAX)},
        {"several records", INC "v=spf1 -all\ninc.example.org TXT v=spf1 -all", OUR4,
         PERM(RECORDS)},
        {"no record", INC "foo", OUR4, PERM(INCLUDE)},
        {"nothing there", SPF "include:inc.example.org -all", OUR4, PERM(INCLUDE)},
        {"no domain name", SPF "include:%{d1} -all", OUR4, PERM(NAME)},
        {"an empty label", SPF "include:a..example.org -all", OUR4, PERM(NAME)},
        {"%{d} is that of the record", INC "v=spf1 a:a.%{d} -all\na.inc.example.org A 192.0.2.10",
         OUR4, PASS},
        {"and is ours again behind it",
         SPF "include:inc.example.org a:a.%{d} "
             "-all\ninc.example.org TXT v=spf1 -all\na.example.com "
             "A 192.0.2.10",
         OUR4, PASS},
        {"%{o} stays", INC "v=spf1 a:a.%{o} -all\na.example.com A 192.0.2.10", OUR4, PASS},
        {"three deep",
         INC "v=spf1 include:b.example.org -all\nb.example.org TXT v=spf1 "
             "include:c.example.org -all\nc.example.org TXT v=spf1 ip4:192.0.2.10",
         OUR4, PASS},
        {"its redirect is its own",
         INC "v=spf1 redirect=r.example.org\nr.example.org TXT v=spf1 "
             "ip4:192.0.2.10 -all",
         OUR4, PASS},
        {"its redirect fails: no match",
         INC "v=spf1 redirect=r.example.org\nr.example.org TXT "
             "v=spf1 -all",
         OUR4, NEUTRAL},
        {"leads back", INC "v=spf1 include:example.com -all", OUR4, PERM(LOOP)},
        {"leads back to itself", INC "v=spf1 include:inc.example.org", OUR4, PERM(LOOP)},
        {"twice is no loop",
         SPF "include:a.example.org include:a.example.org -all\na.example.org "
             "TXT v=spf1 -all",
         OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

static void test_redirect(void **state)
{
    static const struct row rows[] = {
        {"its result is ours", SPF "redirect=r.example.org\nr.example.org TXT v=spf1 ~all", OUR4,
         SOFTFAIL},
        {"after everything else",
         SPF "redirect=r.example.org ip4:192.0.2.10\nr.example.org TXT v=spf1 -all", OUR4, PASS},
        {"not with all", SPF "redirect=r.example.org ?all\nr.example.org TXT v=spf1 -all", OUR4,
         NEUTRAL},
        {"no record", SPF "redirect=r.example.org", OUR4, PERM(REDIRECT)},
        {"no name", SPF "redirect=r..example.org", OUR4, PERM(NAME)},
        {"temporary error", SPF "redirect=r.example.org\nr.example.org TXT !servfail", OUR4, TEMP},
        {"itself", SPF "redirect=example.com", OUR4, PERM(LOOP)},
        {"back by way of another",
         SPF "redirect=r.example.org\nr.example.org TXT v=spf1 "
             "redirect=example.com",
         OUR4, PERM(LOOP)},
        {"twice in a row",
         SPF "redirect=r.example.org\nr.example.org TXT v=spf1 "
             "redirect=s.example.org\ns.example.org TXT v=spf1 -all",
         OUR4, FAIL},
        {"by address", SPF "redirect=%{v}.r.example.org\nin-addr.r.example.org TXT v=spf1 -all",
         OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_at_the_domain),
        cmocka_unit_test(test_what_is_no_domain_name_has_no_record),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_a),
        cmocka_unit_test(test_mx),
        cmocka_unit_test(test_mx_of_more_than_ten_hosts),
        cmocka_unit_test(test_exists),
        cmocka_unit_test(test_ptr),
        cmocka_unit_test(test_names_of_an_address_beyond_the_tenth_are_not_looked_at),
        cmocka_unit_test(test_validated_name_prefers_the_domain),
        cmocka_unit_test(test_include),
        cmocka_unit_test(test_redirect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
