/*
 * SPF: the verdict table.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/spf_world.h"

/* What stands around the SPF record of each row. */
#define AROUND                                                                                     \
    "@ A 192.0.2.1\n@ AAAA 2001:db8::1\n@ MX 10 mail\nmail A 192.0.2.25\n"                         \
    "mail AAAA 2001:db8::25\nweb A 198.51.100.8\nlost A 192.0.2.77\n"                              \
    "_own TXT v=spf1 ip4:192.0.2.128/28 -all\n"                                                    \
    "_spf.mailer.example. TXT v=spf1 ip4:198.51.100.0/28 -all\n"                                   \
    "spf.second.example. TXT v=spf1 ip4:198.51.100.16/28 ?all\n"                                   \
    "_spf.google.com. TXT v=spf1 ip4:203.0.113.0/24 ~all\n"                                        \
    "amazonses.com. TXT v=spf1 ip4:203.0.113.0/25 -all\n"                                          \
    "open.example. TXT v=spf1 +all\n"

#define ENFORCING AROUND "_dmarc TXT v=DMARC1; p=reject\n"

#define M "include:_spf.mailer.example "
#define S "include:spf.second.example "
#define G "include:_spf.google.com "

/* One row: two SPF records, "|" between several at one name, NULL: first contact, "": none. */
struct row {
    const char *why;
    const char *was, *now;
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
};

/* The zone with this record; 2 rooms. */
static const char *zone_of(const char *record, const char *around, unsigned room)
{
    static char zones[2][8192];
    size_t len = 0;

    if (record == NULL) {
        return NULL;
    }
    len += (size_t)sprintf(zones[room], "%s", around);
    while (*record != '\0') {
        size_t part = strcspn(record, "|");
        len += (size_t)sprintf(zones[room] + len, "@ TXT %.*s\n", (int)part, record);
        record += part + (record[part] == '|');
    }
    return zones[room];
}

static void judge_row(const struct row *row, const char *around)
{
    judge_zones(zone_of(row->was, around, 0), zone_of(row->now, around, 1));
}

static void run(const struct row *rows, size_t count, const char *around)
{
    for (size_t i = 0; i < count; i++) {
        judge_row(&rows[i], around);
        expect(rows[i].why, rows[i].code, rows[i].class_, rows[i].severity);
    }
}

#define RUN(rows, around) run(rows, sizeof(rows) / sizeof(rows)[0], around)

/* ---- no event ---------------------------------------------------------------------------------- */

static const struct row silent_rows[] = {
    {"the same", "v=spf1 mx -all", "v=spf1 mx -all", NOTHING},
    {"case and blanks", "v=spf1 mx " M "-all", "V=SPF1  MX  INCLUDE:_SPF.mailer.example   -ALL ",
     NOTHING},
    {"a plus in front", "v=spf1 mx -all", "v=spf1 +mx -all", NOTHING},
    {"order of terms", "v=spf1 mx a " M S "-all", "v=spf1 " S "a " M "mx -all", NOTHING},
    {"terms behind all", "v=spf1 mx -all", "v=spf1 mx -all ip4:1.2.3.4 include:nothing.example",
     NOTHING},
    {"redirect beside all", "v=spf1 mx -all", "v=spf1 mx -all redirect=open.example", NOTHING},
    {"/32 written out", "v=spf1 ip4:192.0.2.9 -all", "v=spf1 ip4:192.0.2.9/32 -all", NOTHING},
    {"a final dot", "v=spf1 include:a.example -all", "v=spf1 include:a.example. -all", NOTHING},
    {"a /15 in halves", "v=spf1 ip4:10.0.0.0/15 -all",
     "v=spf1 ip4:10.0.0.0/16 ip4:10.1.0.0/16 -all", NOTHING},
    {"two halves written as one", "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 -all",
     "v=spf1 ip4:192.0.2.0/24 -all", NOTHING},
    {"a term twice", "v=spf1 mx -all", "v=spf1 mx mx -all", NOTHING},
    {"a host by its address", "v=spf1 a:web.example.com -all", "v=spf1 ip4:198.51.100.8 -all",
     NOTHING},
    {"other TXT at the name", "v=spf1 mx -all", "v=spf1 mx -all|google-site-verification=x",
     NOTHING},
    {"two lookups more", "v=spf1 mx -all", "v=spf1 mx mx mx -all", NOTHING},
};

static void test_no_event_for_what_means_the_same(void **state)
{
    (void)state;
    RUN(silent_rows, ENFORCING);
}

/* ---- gone and broken --------------------------------------------------------------------------- */

static const struct row gone_rows[] = {
    {"gone, without DKIM", "v=spf1 mx -all", "", VD_CODE_SPF_MISSING, CRITICAL},
    {"gone, softfail before", "v=spf1 mx ~all", "", VD_CODE_SPF_MISSING, CRITICAL},
    {"gone, neutral before", "v=spf1 mx ?all", "", VD_CODE_SPF_MISSING, WEAKENED},
    {"foreign text only", "v=spf1 mx -all", "hello", VD_CODE_SPF_MISSING, CRITICAL},
    {"v=spf10 is none", "v=spf1 mx -all", "v=spf10 mx -all", VD_CODE_SPF_MISSING, CRITICAL},
    {"two records", "v=spf1 mx -all", "v=spf1 mx -all|v=spf1 " G "~all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"two that are the same", "v=spf1 mx -all", "v=spf1 mx -all|v=spf1 mx -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"syntax", "v=spf1 mx -all", "v=spf1 mx ipv4:192.0.2.1 -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"syntax behind all", "v=spf1 mx -all", "v=spf1 mx -all ip4:1.2.3", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"include of nobody", "v=spf1 mx -all", "v=spf1 mx include:web.example.com -all",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"include is gone", "v=spf1 mx -all", "v=spf1 mx include:no.mailer.example -all",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"redirect is gone", "v=spf1 mx -all", "v=spf1 mx redirect=no.mailer.example",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"includes itself", "v=spf1 mx -all", "v=spf1 mx include:example.com -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"eleven lookups", "v=spf1 mx -all", "v=spf1 mx mx mx mx mx mx a a a a a -all",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"three that find nothing", "v=spf1 mx -all",
     "v=spf1 a:x1.example.com a:x2.example.com a:x3.example.com mx -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"two that find nothing", "v=spf1 a:x1.example.com mx -all",
     "v=spf1 a:x1.example.com a:x2.example.com mx -all", VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"redirects to itself", "v=spf1 mx -all", "v=spf1 mx redirect=example.com", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"eleven, the last behind all", "v=spf1 mx -all", "v=spf1 mx -all a a a a a a a a a a a a",
     NOTHING},
    {"no name after the macro", "v=spf1 mx -all", "v=spf1 include:%{d}..com -all",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"none before, broken now", "", "v=spf1 x -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"broken, as in the baseline", "v=spf1 x -all", "v=spf1 x y -all", NOTHING},
    {"mended", "v=spf1 x -all", "v=spf1 mx -all", VD_CODE_SPF_APPEARED, STRONGER},
    {"appears", "", "v=spf1 mx -all", VD_CODE_SPF_APPEARED, STRONGER},
    {"appears and refuses nobody", "", "v=spf1 mx ?all", VD_CODE_SPF_APPEARED, STRONGER},
    {"appears with a /8", "", "v=spf1 ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"appears open", "", "v=spf1 +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
};

static void test_gone_and_broken(void **state)
{
    (void)state;
    RUN(gone_rows, ENFORCING);
}

static void test_broken_is_a_warning_where_nothing_enforces(void **state)
{
    const struct row row = {"p=none", "v=spf1 mx -all", "v=spf1 mx x -all", VD_CODE_SPF_BROKEN,
                            BROKEN};

    (void)state;
    run(&row, 1, AROUND "_dmarc TXT v=DMARC1; p=none\n");
    watch.profiles = VD_PROFILE_BULK;
    judge_row(&row, AROUND);
    expect("bulk", VD_CODE_SPF_BROKEN, BROKEN_ERROR);
}

static void test_gone_beside_dkim_and_by_profile(void **state)
{
    const struct row row = {"gone", "v=spf1 mx -all", "", NOTHING};

    (void)state;
    strcpy(watch.selectors[0], "s1");
    watch.selectors_count = 1;
    judge_row(&row, ENFORCING);
    expect("DKIM is left", VD_CODE_SPF_MISSING, WEAKENED);
    watch.needs_spf = true;
    judge_row(&row, ENFORCING);
    expect("and SPF is needed", VD_CODE_SPF_MISSING, BROKEN_ERROR);
    watch.profiles = VD_PROFILE_PARKED;
    judge_row(&row, ENFORCING);
    expect("parked", VD_CODE_SPF_MISSING, CRITICAL);
}

/* ---- everybody passes --------------------------------------------------------------------------- */

static const struct row open_rows[] = {
    {"+all", "v=spf1 mx -all", "v=spf1 mx +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"bare all", "v=spf1 mx -all", "v=spf1 mx all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"by redirect", "v=spf1 redirect=_own.example.com", "v=spf1 redirect=open.example",
     VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"ip4 /0", "v=spf1 mx -all", "v=spf1 mx ip4:0.0.0.0/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"two halves", "v=spf1 mx -all", "v=spf1 mx ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
     VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"four quarters", "v=spf1 mx -all",
     "v=spf1 mx ip4:0.0.0.0/2 ip4:64.0.0.0/2 ip4:192.0.0.0/2 ip4:128.0.0.0/2 -all",
     VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"ip6 /0", "v=spf1 mx -all", "v=spf1 mx ip6:::/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"IPv6 halves", "v=spf1 mx -all", "v=spf1 mx ip6:::/1 ip6:8000::/1 -all", VD_CODE_SPF_PASS_ALL,
     CRITICAL},
    {"a/0", "v=spf1 a -all", "v=spf1 a/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"a//0", "v=spf1 a -all", "v=spf1 a//0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"mx/0", "v=spf1 mx -all", "v=spf1 mx/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"a/0 of a host that is not there", "v=spf1 mx -all", "v=spf1 mx a:no.example.com/0 -all",
     VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"exists that resolves", "v=spf1 mx -all",
     "v=spf1 mx -exists:no.example.com "
     "exists:web.example.com -all",
     VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"denied before", "v=spf1 mx -all", "v=spf1 -ip4:0.0.0.0/0 -ip6:::/0 +all",
     VD_CODE_SPF_TERM_LOST, MINOR},
    {"half denied before", "v=spf1 mx -all", "v=spf1 mx -ip4:0.0.0.0/0 +all", VD_CODE_SPF_PASS_ALL,
     CRITICAL},
    {"open, as in the baseline", "v=spf1 mx +all", "v=spf1 mx +all", NOTHING},
    {"closed again", "v=spf1 mx +all", "v=spf1 mx -all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"the /0 is gone", "v=spf1 mx ip4:0.0.0.0/0 -all", "v=spf1 mx -all", VD_CODE_SPF_SHRUNK,
     STRONGER},
};

static void test_everybody_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof open_rows / sizeof open_rows[0]; i++) {
        judge_row(&open_rows[i], ENFORCING);
        if (open_rows[i].code != VD_CODE_SPF_PASS_ALL) {
            expect(open_rows[i].why, open_rows[i].code, open_rows[i].class_, open_rows[i].severity);
        } else if (!is_told(VD_CODE_SPF_PASS_ALL, CRITICAL)) { /* own terms may be told beside it */
            print_findings(open_rows[i].why);
            fail();
        }
        check_shape(open_rows[i].why);
    }
}

/* ---- default ------------------------------------------------------------------------------------ */

static const struct row default_rows[] = {
    {"-all to ~all", "v=spf1 mx -all", "v=spf1 mx ~all", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED},
    {"-all to ?all", "v=spf1 mx -all", "v=spf1 mx ?all", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED},
    {"~all to ?all", "v=spf1 mx ~all", "v=spf1 mx ?all", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED},
    {"all is gone", "v=spf1 mx ~all", "v=spf1 mx", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED},
    {"?all is gone", "v=spf1 mx ?all", "v=spf1 mx", NOTHING},
    {"~all to -all", "v=spf1 mx ~all", "v=spf1 mx -all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"?all to ~all", "v=spf1 mx ?all", "v=spf1 mx ~all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"none to -all", "v=spf1 mx", "v=spf1 mx -all", VD_CODE_SPF_STRENGTHENED, STRONGER},
};

static void test_default(void **state)
{
    (void)state;
    RUN(default_rows, AROUND);
}

static void test_default_softfail_under_dmarc_is_a_notice(void **state)
{
    const struct row row = {"-all to ~all", "v=spf1 mx -all", "v=spf1 mx ~all",
                            VD_CODE_SPF_DEFAULT_WEAKENED, MINOR};

    (void)state;
    run(&row, 1, ENFORCING);
}

/* ---- networks ------------------------------------------------------------------------------------ */

/* The worst that is told; own terms are told beside it. */
static const struct row width_rows[] = {
    {"/8", "v=spf1 mx -all", "v=spf1 mx ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"half of IPv4", "v=spf1 mx -all", "v=spf1 mx ip4:0.0.0.0/1 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"beside a rise", "v=spf1 mx ~all", "v=spf1 mx ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE,
     CRITICAL},
    {"/9", "v=spf1 mx -all", "v=spf1 mx ip4:10.0.0.0/9 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"/16", "v=spf1 mx -all", "v=spf1 mx ip4:10.0.0.0/16 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"a second /16", "v=spf1 mx ip4:10.0.0.0/16 -all",
     "v=spf1 mx ip4:10.0.0.0/16 ip4:172.16.0.0/16 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"a second /8", "v=spf1 mx ip4:10.0.0.0/8 -all", "v=spf1 mx ip4:10.0.0.0/8 ip4:11.0.0.0/8 -all",
     VD_CODE_SPF_WIDE, CRITICAL},
    {"IPv6 /16", "v=spf1 mx -all", "v=spf1 mx ip6:2001::/16 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"IPv6 /17", "v=spf1 mx -all", "v=spf1 mx ip6:2001::/17 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"IPv6 /32", "v=spf1 mx -all", "v=spf1 mx ip6:2001:db8::/32 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"mx/8", "v=spf1 mx -all", "v=spf1 mx/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"a//32", "v=spf1 a -all", "v=spf1 a//32 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"five /17: four times as many", "v=spf1 mx -all",
     "v=spf1 mx ip4:10.0.0.0/17 ip4:10.1.0.0/17 ip4:10.2.0.0/17 ip4:10.3.0.0/17 -all",
     VD_CODE_SPF_WIDE, WEAKENED},
};

static void test_wide_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof width_rows / sizeof width_rows[0]; i++) {
        const struct row *row = &width_rows[i];
        judge_row(row, ENFORCING);
        if (!is_told(row->code, row->class_, row->severity)) {
            print_findings(row->why);
            fail();
        }
        check_shape(row->why);
    }
}

static const struct row term_rows[] = {
    {"/17", "v=spf1 mx -all", "v=spf1 mx ip4:10.0.0.0/17 -all", VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"IPv6 /33", "v=spf1 mx -all", "v=spf1 mx ip6:2001:db8::/33 -all", VD_CODE_SPF_TERM_ADDED,
     CHANGED},
    {"a denied /8", "v=spf1 mx -all", "v=spf1 mx -ip4:10.0.0.0/8 -all", VD_CODE_SPF_TERM_ADDED,
     CHANGED},
    {"a denied /0", "v=spf1 mx -all", "v=spf1 mx -ip4:0.0.0.0/0 -all", VD_CODE_SPF_TERM_ADDED,
     CHANGED},
    {"an address added", "v=spf1 mx -all", "v=spf1 mx ip4:198.51.100.1 -all",
     VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"an address removed", "v=spf1 mx ip4:198.51.100.1 -all", "v=spf1 mx -all",
     VD_CODE_SPF_TERM_LOST, MINOR},
    {"a network narrowed", "v=spf1 mx ip4:198.51.100.0/24 -all",
     "v=spf1 mx ip4:198.51.100.0/25 -all", VD_CODE_SPF_TERM_LOST, MINOR},
    {"a network widened", "v=spf1 mx ip4:198.51.100.0/25 -all",
     "v=spf1 mx ip4:198.51.100.0/24 -all", VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"moved behind all", "v=spf1 mx ip4:198.51.100.1 -all", "v=spf1 mx -all ip4:198.51.100.1",
     VD_CODE_SPF_TERM_LOST, MINOR},
    {"covered by another", "v=spf1 ip4:198.51.100.1 ip4:198.51.100.0/24 -all",
     "v=spf1 ip4:198.51.100.0/24 -all", NOTHING},
    {"a removed", "v=spf1 mx a:web.example.com -all", "v=spf1 mx -all", VD_CODE_SPF_TERM_LOST,
     MINOR},
    {"mx removed", "v=spf1 mx ip4:198.51.100.1 -all", "v=spf1 ip4:198.51.100.1 -all",
     VD_CODE_SPF_TERM_LOST, MINOR},
    {"mx by its hosts' addresses", "v=spf1 mx -all", "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all",
     NOTHING},
    {"a/24 to a", "v=spf1 a/24 -all", "v=spf1 a -all", VD_CODE_SPF_TERM_LOST, MINOR},
    {"a to a/24", "v=spf1 a -all", "v=spf1 a/24 -all", VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"one for another", "v=spf1 mx ip4:198.51.100.1 -all", "v=spf1 mx ip4:198.51.100.2 -all",
     VD_CODE_SPF_TERM_LOST, MINOR},
    {"no longer let in, but neutral", "v=spf1 mx ip4:198.51.100.1 -all",
     "v=spf1 mx ?ip4:198.51.100.1 -all", VD_CODE_SPF_TERM_LOST, MINOR},
    {"a /8 for another: the same width", "v=spf1 mx ip4:10.0.0.0/8 -all",
     "v=spf1 mx ip4:11.0.0.0/8 -all", VD_CODE_SPF_TERM_LOST, MINOR},
    {"ptr added", "v=spf1 mx -all", "v=spf1 mx ptr -all", VD_CODE_SPF_PTR_ADDED, MINOR},
    {"ptr removed", "v=spf1 mx ptr -all", "v=spf1 mx -all", VD_CODE_SPF_PTR_REMOVED, BETTER},
    {"ptr removed beside a fall", "v=spf1 mx ptr -all", "v=spf1 mx ~all",
     VD_CODE_SPF_DEFAULT_WEAKENED, MINOR},
    {"exp added", "v=spf1 mx -all", "v=spf1 mx -all exp=why.example.com", VD_CODE_SPF_CHANGED,
     CHANGED},
    {"an unknown modifier", "v=spf1 mx x=1 -all", "v=spf1 mx x=2 -all", VD_CODE_SPF_CHANGED,
     CHANGED},
};

static void test_own_terms(void **state)
{
    (void)state;
    RUN(term_rows, ENFORCING);
}

static void test_thresholds_are_the_watchs(void **state)
{
    const struct row wide = {"/20", "v=spf1 mx -all", "v=spf1 mx ip4:10.0.0.0/20 -all",
                             VD_CODE_SPF_WIDE, WEAKENED};

    (void)state;
    judge_row(&wide, ENFORCING);
    expect("by default", VD_CODE_SPF_TERM_ADDED, CHANGED);
    watch.spf_wide4 = 20;
    watch.spf_wide6 = 32;
    judge_row(&wide, ENFORCING);
    assert_true(is_told(VD_CODE_SPF_WIDE, WEAKENED));
    watch.spf_vast4 = 20;
    judge_row(&wide, ENFORCING);
    assert_true(is_told(VD_CODE_SPF_WIDE, CRITICAL));
    watch.spf_vast4 = watch.spf_wide4 = 4;
    watch.spf_growth = 4000;
    judge_row(&wide, ENFORCING);
    assert_true(is_told(VD_CODE_SPF_WIDE, WEAKENED)); /* 4,096 more */
    assert_non_null(strstr(words(find(VD_CODE_SPF_WIDE)->new_text), "IPv4 addresses"));
}

/* ---- parties -------------------------------------------------------------------------------------- */

static const struct row party_rows[] = {
    {"unknown include", "v=spf1 mx -all", "v=spf1 mx " M "-all", VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"beside a rise", "v=spf1 mx ~all", "v=spf1 mx " M "-all", VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"removed", "v=spf1 mx " M "-all", "v=spf1 mx -all", VD_CODE_SPF_INCLUDE_REMOVED, MINOR},
    {"behind all", "v=spf1 mx " M "-all", "v=spf1 mx -all " M, VD_CODE_SPF_INCLUDE_REMOVED, MINOR},
    {"replaced", "v=spf1 mx " M "-all", "v=spf1 mx " S "-all", VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"denied", "v=spf1 mx -all", "v=spf1 mx -" M "-all", VD_CODE_SPF_TERM_ADDED, CHANGED},
    {"known include", "v=spf1 mx -all", "v=spf1 mx " G "-all", VD_CODE_SPF_INCLUDE_KNOWN, CHANGED},
    {"own include", "v=spf1 mx -all", "v=spf1 mx include:_own.example.com -all",
     VD_CODE_SPF_INCLUDE_KNOWN, CHANGED},
    {"known, not in use", "v=spf1 mx " G "-all", "v=spf1 mx -all", VD_CODE_SPF_INCLUDE_RETIRED,
     BETTER},
    {"redirect to an unknown", "v=spf1 -all", "v=spf1 redirect=_spf.mailer.example",
     VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"redirect moved", "v=spf1 redirect=spf.second.example", "v=spf1 redirect=_spf.mailer.example",
     VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"redirect to our own", "v=spf1 -all", "v=spf1 redirect=_own.example.com", VD_CODE_SPF_REDIRECT,
     NOTABLE},
    {"redirect removed", "v=spf1 redirect=_own.example.com", "v=spf1 ip4:192.0.2.128/28 -all",
     NOTHING},
    {"dynamic include of a known service", "v=spf1 mx -all",
     "v=spf1 mx include:%{ir}.%{v}.%{d}.spf.has.pphosted.com -all", VD_CODE_SPF_DYNAMIC, NOTABLE},
    {"dynamic exists", "v=spf1 mx -all", "v=spf1 mx exists:%{i}.spf.example.com -all",
     VD_CODE_SPF_DYNAMIC, NOTABLE},
    {"dynamic exists removed", "v=spf1 mx exists:%{i}.spf.example.com -all", "v=spf1 mx -all",
     VD_CODE_SPF_DYNAMIC, NOTABLE},
    {"dynamic include of nobody that we know", "v=spf1 mx -all",
     "v=spf1 mx include:%{ir}.%{v}.spf.has.example -all", VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"redirect by the mail", "v=spf1 -all", "v=spf1 redirect=%{i}.spf.other.example",
     VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"%{d} is no macro that needs a mail", "v=spf1 mx -all", "v=spf1 mx include:_own.%{d} -all",
     VD_CODE_SPF_INCLUDE_KNOWN, CHANGED},
};

static void test_parties(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof party_rows / sizeof party_rows[0]; i++) {
        const struct row *row = &party_rows[i];
        judge_row(row, ENFORCING);
        if (row->code == VD_CODE_NONE) { /* redirect and terms at once: each its own facet */
            assert_true(is_told(VD_CODE_SPF_REDIRECT, NOTABLE));
        } else {
            expect(row->why, row->code, row->class_, row->severity);
        }
    }
}

static void test_lost_include_of_a_service_in_use_is_broken(void **state)
{
    const struct row row = {"", "v=spf1 mx " G "include:amazonses.com -all", "v=spf1 mx " G "-all",
                            NOTHING};
    const char *selector = ENFORCING "s1._domainkey CNAME s1.dkim.amazonses.com.\n"
                                     "s1.dkim.amazonses.com. TXT v=DKIM1; p=\n";

    (void)state;
    judge_row(&row, ENFORCING);
    expect("nobody uses it", VD_CODE_SPF_INCLUDE_RETIRED, BETTER);
    for (uint8_t i = 0; vd_provider_at(NULL, i) != NULL; i++) {
        if (strcmp(vd_provider_at(NULL, i)->name, "amazon-ses") == 0) {
            watch.provider_rows[0] = i;
            watch.providers_count = 1;
        }
    }
    assert_int_equal(watch.providers_count, 1);
    judge_row(&row, ENFORCING);
    expect("configured", VD_CODE_SPF_INCLUDE_LOST, BROKEN_ERROR);
    assert_non_null(strstr(words(find(VD_CODE_SPF_INCLUDE_LOST)->mend), "include:amazonses.com"));
    watch.providers_count = 0;
    strcpy(watch.selectors[0], "s1");
    watch.selectors_count = 1;
    judge_row(&row, selector);
    expect("a key leads to it", VD_CODE_SPF_INCLUDE_LOST, BROKEN_ERROR);
}

/* ---- first contact -------------------------------------------------------------------------------- */

static const struct row first_rows[] = {
    {"good", NULL, "v=spf1 mx -all", NOTHING},
    {"a /8", NULL, "v=spf1 ip4:10.0.0.0/8 -all", NOTHING},
    {"?all", NULL, "v=spf1 mx ?all", NOTHING},
    {"absent", NULL, "", NOTHING},
    {"+all", NULL, "v=spf1 +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"permerror", NULL, "v=spf1 foo -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
};

static void test_first_contact(void **state)
{
    (void)state;
    RUN(first_rows, ENFORCING);
}

static void test_first_contact_hints(void **state)
{
    static const struct {
        const char *record, *hint;
    } rows[] = {
        {"v=spf1 mx ?all", "?all"},
        {"v=spf1 mx", "?all"},
        {"v=spf1 mx mx mx mx mx mx mx mx mx -all", "9 of 10 lookups"},
        {"", "no SPF record"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        judge_zones(NULL, zone_of(rows[i].record, ENFORCING, 1));
        assert_non_null(find(VD_CODE_DOMAIN_SUMMARY));
        assert_non_null(strstr(words(find(VD_CODE_DOMAIN_SUMMARY)->new_text), rows[i].hint));
    }
    judge_zones(NULL, zone_of("v=spf1 mx mx mx mx mx mx mx mx -all", ENFORCING, 1));
    if (find(VD_CODE_DOMAIN_SUMMARY) != NULL) {
        assert_null(strstr(words(find(VD_CODE_DOMAIN_SUMMARY)->new_text), "lookups"));
    }
}

/* ---- floors ----------------------------------------------------------------------------------------- */

static void test_floor_of_the_default(void **state)
{
    (void)state;
    watch.spf_floor = VD_SPF_SOFTFAIL;
    judge_zones(NULL, zone_of("v=spf1 mx ?all", ENFORCING, 1));
    expect("first contact", VD_CODE_SPF_FLOOR, BROKEN_ERROR);
    assert_non_null(strstr(words(find(VD_CODE_SPF_FLOOR)->mend), "~all"));
    judge_zones(zone_of("v=spf1 mx -all", ENFORCING, 0), zone_of("v=spf1 mx ?all", ENFORCING, 1));
    expect("fell under it", VD_CODE_SPF_FLOOR, BROKEN_ERROR);
    judge_zones(zone_of("v=spf1 mx -all", ENFORCING, 0), zone_of("v=spf1 mx ~all", ENFORCING, 1));
    expect("fell, and is not under it", VD_CODE_SPF_DEFAULT_WEAKENED, MINOR);
    judge_zones(zone_of("v=spf1 mx ?all", ENFORCING, 0), zone_of("v=spf1 mx -all", ENFORCING, 1));
    expect("rose above it", VD_CODE_SPF_STRENGTHENED, STRONGER);
}

static void test_parked_wants_nothing_but_fail(void **state)
{
    (void)state;
    watch.profiles = VD_PROFILE_PARKED;
    watch.spf_floor = VD_SPF_FAIL;
    watch.needs_spf = true;
    judge_zones(NULL, zone_of("v=spf1 -all", ENFORCING, 1));
    expect("as it should be", NOTHING);
    judge_zones(NULL, zone_of("v=spf1 mx -all", ENFORCING, 1));
    expect("lets somebody in", VD_CODE_SPF_FLOOR, BROKEN_ERROR);
    assert_string_equal(words(find(VD_CODE_SPF_FLOOR)->mend),
                        "at example.com put TXT: v=spf1 -all");
    judge_zones(NULL, zone_of("v=spf1 ~all", ENFORCING, 1));
    expect("soft", VD_CODE_SPF_FLOOR, BROKEN_ERROR);
    judge_zones(NULL, zone_of("", ENFORCING, 1));
    expect("none", VD_CODE_SPF_MISSING, BROKEN_ERROR);
}

static void test_needed_and_not_there(void **state)
{
    (void)state;
    watch.needs_spf = true;
    judge_zones(NULL, zone_of("", AROUND, 1));
    expect("first contact", VD_CODE_SPF_MISSING, BROKEN);
    baseline.pending = vd_subject_bit(VD_SUBJECT_SPF, 0);
    judge_zone(zone_of("", AROUND, 1));
    expect("on its way", VD_CODE_SPF_PENDING, CHANGED);
    judge_zone(zone_of("v=spf1 mx -all", AROUND, 1));
    expect("arrived", VD_CODE_SPF_VERIFIED, NOTABLE);
    judge_zones(zone_of("", AROUND, 0), zone_of("", AROUND, 1));
    expect("absent since the baseline", VD_CODE_SPF_MISSING, BROKEN);
    judge_zones(zone_of("", AROUND, 0), zone_of("v=spf1 mx -all", AROUND, 1));
    expect("there at last", VD_CODE_SPF_APPEARED, STRONGER);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_event_for_what_means_the_same),
        TEST(test_gone_and_broken),
        TEST(test_broken_is_a_warning_where_nothing_enforces),
        TEST(test_gone_beside_dkim_and_by_profile),
        TEST(test_everybody_passes),
        TEST(test_default),
        TEST(test_default_softfail_under_dmarc_is_a_notice),
        TEST(test_wide_networks),
        TEST(test_own_terms),
        TEST(test_thresholds_are_the_watchs),
        TEST(test_parties),
        TEST(test_lost_include_of_a_service_in_use_is_broken),
        TEST(test_first_contact),
        TEST(test_first_contact_hints),
        TEST(test_floor_of_the_default),
        TEST(test_parked_wants_nothing_but_fail),
        TEST(test_needed_and_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
