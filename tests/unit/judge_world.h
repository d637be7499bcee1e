/*
 * A small world to judge: what example.com publishes, as a few strings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_JUDGE_WORLD_H
#define VD_TEST_JUDGE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "firmware/judge/judge.h"
#include "tests/unit/keys.h"

/*
 * What the domain example.com publishes.  A text is a record; two are parted by '|'.  "!nxdomain",
 * "!nodata", "!dangling" are absent; "!timeout", "!servfail" unknown; NULL was never asked.
 */
struct world {
    const char *spf;
    const char *include; /* at _spf.mailer.example */
    const char *second;  /* at spf.second.example */
    const char *mx;      /* "10 mx1.example.com|20 mx2.example.com" */
    const char *dmarc;
    const char *s1;
    const char *s2;       /* at the end of the alias, if there is one */
    const char *s2_alias; /* CNAME of s2, or NULL */
};

#define DKIM_2048 "v=DKIM1; k=rsa; p=" KEY_RSA_2048
#define DKIM_NEW  "v=DKIM1; k=rsa; p=" KEY_RSA_2048_OTHER
#define DKIM_1024 "v=DKIM1; k=rsa; p=" KEY_RSA_1024
#define DKIM_4096 "v=DKIM1; k=rsa; p=" KEY_RSA_4096
#define DKIM_512  "v=DKIM1; k=rsa; p=" KEY_RSA_512
#define DKIM_ED   "v=DKIM1; k=ed25519; p=" KEY_ED25519

static const struct world good = {
    .spf = "v=spf1 include:_spf.mailer.example -all",
    .include = "v=spf1 ip4:192.0.2.0/24 -all",
    .mx = "10 mx1.example.com|20 mx2.example.com",
    .dmarc = "v=DMARC1; p=reject; rua=mailto:dmarc@example.com",
    .s1 = DKIM_2048,
    .s2 = DKIM_2048,
    .s2_alias = "s2.dkim.mailer.example",
};

static struct vd_snapshot snapshot;
static struct vd_facts baseline;
static struct vd_judgement judgement;
static struct vd_watch watch;

static inline void settle(struct vd_answer *answer, const char *what)
{
    static const struct {
        const char *word;
        uint8_t presence;
        uint8_t detail;
    } words[] = {
        {"!nxdomain", VD_ABSENT, VD_DETAIL_NXDOMAIN},  {"!nodata", VD_ABSENT, VD_DETAIL_NODATA},
        {"!dangling", VD_ABSENT, VD_DETAIL_DANGLING},  {"!timeout", VD_UNKNOWN, VD_DETAIL_TIMEOUT},
        {"!servfail", VD_UNKNOWN, VD_DETAIL_SERVFAIL},
    };

    answer->is_done = 1;
    answer->presence = VD_PRESENT;
    answer->detail = VD_DETAIL_NONE;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(what, words[i].word) == 0) {
            answer->presence = words[i].presence;
            answer->detail = words[i].detail;
        }
    }
}

static inline void publish(const char *name, uint16_t type, const char *alias, const char *what)
{
    size_t index;

    if (what == NULL) {
        return;
    }
    assert_int_equal(vd_snapshot_ask(&snapshot, name, type, &index), VD_OK);
    settle(&snapshot.answers[index], what);
    if (alias != NULL) {
        assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_CNAME, 0, (const uint8_t *)alias,
                                         strlen(alias)),
                         VD_OK);
    }
    while (snapshot.answers[index].presence == VD_PRESENT && what != NULL) {
        const char *bar = strchr(what, '|');
        size_t len = bar == NULL ? strlen(what) : (size_t)(bar - what);
        unsigned preference = 0;
        int skip = 0;
        if (type == VD_TYPE_MX) {
            assert_int_equal(sscanf(what, "%u %n", &preference, &skip), 1);
        }
        assert_int_equal(vd_snapshot_add(&snapshot, index, type, (uint16_t)preference,
                                         (const uint8_t *)what + skip, len - (size_t)skip),
                         VD_OK);
        what = bar == NULL ? NULL : bar + 1;
    }
}

static inline void build(const struct world *world)
{
    vd_snapshot_clear(&snapshot);
    publish("example.com", VD_TYPE_TXT, NULL, world->spf);
    publish("_spf.mailer.example", VD_TYPE_TXT, NULL, world->include);
    publish("spf.second.example", VD_TYPE_TXT, NULL, world->second);
    publish("example.com", VD_TYPE_MX, NULL, world->mx);
    publish("_dmarc.example.com", VD_TYPE_TXT, NULL, world->dmarc);
    publish("s1._domainkey.example.com", VD_TYPE_TXT, NULL, world->s1);
    publish("s2._domainkey.example.com", VD_TYPE_TXT, world->s2_alias, world->s2);
}

/* need: usable keys that the group {s1, s2} needs; 0: each selector alone. */
static inline void watch_example(uint8_t need)
{
    memset(&watch, 0, sizeof watch);
    strcpy(watch.domain, "example.com");
    strcpy(watch.selectors[0], "s1");
    strcpy(watch.selectors[1], "s2");
    watch.selectors_count = 2;
    watch.groups_count = need > 0;
    watch.groups[0] = (struct vd_dkim_group){.members = 3, .need = need};
}

static inline void judge(const struct world *world)
{
    build(world);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

/* Judge `now` against a baseline learned from `was` (NULL: first contact). */
static inline void judge_change(const struct world *was, const struct world *now)
{
    memset(&baseline, 0, sizeof baseline);
    if (was != NULL) {
        judge(was);
        vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    }
    judge(now);
}

static inline const char *words(uint16_t offset)
{
    return vd_judgement_words(&judgement, offset);
}

static inline const struct vd_finding *find(enum vd_code code)
{
    for (size_t i = 0; i < judgement.findings_count; i++) {
        if (judgement.findings[i].code == code) {
            return &judgement.findings[i];
        }
    }
    return NULL;
}

static inline const struct vd_subject *subject(enum vd_subject_kind kind, uint8_t index)
{
    for (size_t i = 0; i < judgement.subjects_count; i++) {
        if (judgement.subjects[i].kind == kind && judgement.subjects[i].index == index) {
            return &judgement.subjects[i];
        }
    }
    return NULL;
}

/* Would a reader hear of it?  Not of what rose beside a fall; what could be better at first contact
   is apart. */
static inline bool is_told(const struct vd_finding *finding)
{
    return !finding->is_silent && finding->code != VD_CODE_DOMAIN_SUMMARY;
}

/* Exactly one finding, of this code, class and severity; VD_CODE_NONE: none at all. */
static inline void expect(const char *row, enum vd_code code, enum vd_class class_,
                          enum vd_severity severity)
{
    size_t want = code == VD_CODE_NONE ? 0 : 1;
    const struct vd_finding *finding = NULL;
    size_t count = 0;

    for (size_t i = 0; i < judgement.findings_count; i++) {
        if (is_told(&judgement.findings[i])) {
            finding = &judgement.findings[i];
            count++;
        }
    }
    bool is_right =
        count == want && (want == 0 || (finding->code == code && finding->class_ == class_ &&
                                        finding->severity == severity));

    if (!is_right) {
        print_error("%s: wanted %s class %d severity %d; got %u:\n", row, vd_code_info(code)->code,
                    class_, severity, judgement.findings_count);
        for (size_t i = 0; i < judgement.findings_count; i++) {
            finding = &judgement.findings[i];
            print_error("  %s class %u severity %u: %s\n",
                        vd_code_info((enum vd_code)finding->code)->code, finding->class_,
                        finding->severity, words(finding->subject_line));
        }
        fail();
    }
    assert_int_equal(judgement.is_cut, 0);
    for (size_t i = 0; i < want; i++) {
        assert_true(strlen(words(finding->subject_line)) > 0);
        assert_true(strlen(words(finding->subject_line)) < 100);
        assert_true(strlen(words(finding->why)) > 0);
        assert_true(strlen(words(finding->new_text)) > 0);
        assert_true(class_ == VD_CLASS_STRENGTHENED || strlen(words(finding->mend)) > 0);
    }
}

static inline int set_up(void **state)
{
    (void)state;
    watch_example(0);
    memset(&baseline, 0, sizeof baseline);
    return 0;
}

/* Shorthands for class and severity. */
#define NOTHING      VD_CODE_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_NONE
#define CRITICAL     VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL
#define BROKEN_ERROR VD_CLASS_BROKEN, VD_SEVERITY_ERROR
#define BROKEN       VD_CLASS_BROKEN, VD_SEVERITY_WARNING
#define WEAKENED     VD_CLASS_WEAKENED, VD_SEVERITY_WARNING
#define MINOR        VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE
#define CHANGED      VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define NOTABLE      VD_CLASS_CHANGED, VD_SEVERITY_NOTICE
#define STRONGER     VD_CLASS_STRENGTHENED, VD_SEVERITY_NOTICE

#endif
