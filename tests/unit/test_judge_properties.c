/* What holds for every snapshot: total, deterministic, monotone.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_world.h"

/* ---- chance, the same in every run ------------------------------------------------------------- */

static uint32_t state_of_chance;
static uint32_t seed_of_chance; /* of the round, for messages */

static uint32_t chance(uint32_t below)
{
    state_of_chance = state_of_chance * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(state_of_chance >> 8) * below >> 24);
}

#define PICK(list) (list)[chance(sizeof(list) / sizeof((list)[0]))]

/* ---- total and deterministic: any snapshot ------------------------------------------------------ */

static const char *const names[] = {"example.com",
                                    "_dmarc.example.com",
                                    "s1._domainkey.example.com",
                                    "_mta-sts.example.com",
                                    "s2._domainkey.example.com",
                                    "_smtp._tls.example.com",
                                    "_spf.mailer.example",
                                    "default._bimi.example.com",
                                    "_dmarc.com",
                                    "mx1.example.com",
                                    "a.mailer.example",
                                    "mail.example.com",
                                    "example.com.example.com",
                                    "s1._domainkey.example.com.example.com",
                                    "spf.example.com",
                                    "_dmarc._dmarc.example.com",
                                    "www.example.com"};

static const uint16_t types[] = {VD_TYPE_TXT, VD_TYPE_TXT,  VD_TYPE_TXT, VD_TYPE_TXT, VD_TYPE_MX,
                                 VD_TYPE_A,   VD_TYPE_AAAA, VD_TYPE_NS,  VD_TYPE_DS};

static const char *const texts[] = {
    "v=spf1 include:_spf.mailer.example -all",
    "v=spf1 include:example.com redirect=_spf.mailer.example",
    "v=spf1 a mx ptr exists:%{i}.x.example ip4:0.0.0.0/1 ip4:128.0.0.0/1 ip6::/0 ?all",
    "v=spf1 +all",
    "v=spf1 a/0 mx:mail.example.com/0//0 ip4:1.2.3.4/33",
    "v=spf1",
    "v=DMARC1; p=reject; rua=mailto:a@b.example,mailto:c@d.example!10m; ruf=mailto:x@y.example",
    "v=DMARC1; p=none; sp=reject; np=x",
    "v=DMARC1; p=quarantine; p=none; pct=7; t=y; psd=y; adkim=s",
    "v=DMARC1",
    DKIM_2048,
    DKIM_512,
    DKIM_ED,
    "v=DKIM1; p=",
    "k=rsa; t=y:s; h=sha1; p=AAAA",
    "v=STSv1; id=1;",
    "v=STSv1; id=---;",
    "v=TLSRPTv1; rua=https://x.example/y",
    "v=BIMI1; l=; a=;",
    "\"v=spf1 -all\"",
    "\xe2\x80\x9cv=DMARC1; p=reject\xe2\x80\x9d",
    "",
    "\x01\xff;;==;v=",
};

static void add_anything(size_t index)
{
    struct vd_answer *answer = &snapshot.answers[index];
    uint8_t bytes[300];

    for (uint32_t i = chance(4); i > 0; i--) {
        const char *text = PICK(texts);
        size_t len = strlen(text);
        uint16_t type = answer->type;
        if (chance(8) == 0) {
            type = VD_TYPE_CNAME;
        }
        if (chance(6) == 0 && type == VD_TYPE_TXT) {
            len = chance(sizeof bytes);
            for (size_t k = 0; k < len; k++) {
                bytes[k] = (uint8_t)chance(256);
            }
            text = (const char *)bytes;
        } else if (type != VD_TYPE_TXT && type != VD_TYPE_DS) {
            text = PICK(names);
            len = strlen(text);
        }
        if (type == VD_TYPE_A || type == VD_TYPE_AAAA) {
            text = "\x0a\x01\x02\x03\x20\x01\x0d\xb8\0\0\0\0\0\0\0\1";
            len = type == VD_TYPE_A ? 4 : 16;
        }
        (void)vd_snapshot_add(&snapshot, index, type, (uint16_t)chance(30), (const uint8_t *)text,
                              len);
    }
}

static void build_anything(void)
{
    vd_snapshot_clear(&snapshot);
    snapshot.ad_servers = (uint16_t)chance(4);
    strcpy(snapshot.probe, chance(2) == 0 ? "" : "0123456789abcdef");
    for (uint32_t i = chance(40); i > 0; i--) {
        size_t index;
        if (vd_snapshot_ask(&snapshot, PICK(names), PICK(types), &index) != VD_OK) {
            continue;
        }
        struct vd_answer *answer = &snapshot.answers[index];
        answer->is_done = true;
        answer->presence = (uint8_t)chance(3);
        answer->detail = (uint8_t)chance(VD_DETAIL_LIMIT + 1u);
        answer->limit = (uint8_t)chance(VD_LIMIT_CHAIN + 1u);
        answer->server = (uint8_t)chance(2);
        answer->is_ad = chance(2) != 0;
        answer->has_soa = chance(2) != 0;
        answer->soa_up = (uint8_t)chance(5);
        if (chance(6) == 0) {
            answer->next = (uint8_t)chance(snapshot.answers_count + 1u); /* circles, too */
        }
        add_anything(index);
    }
}

static void watch_anything(void)
{
    watch_example((uint8_t)chance(3));
    watch.dmarc_floor = (int8_t)((int)chance(5) - 2);
    watch.spf_floor = (int8_t)((int)chance(6) - 2);
    watch.needs_spf = chance(2) != 0;
    watch.needs_dkim = chance(2) != 0;
    watch.needs_dmarc = chance(2) != 0;
    watch.needs_mx = chance(2) != 0;
    watch.needs_null_mx = watch.needs_no_key = chance(6) == 0;
    watch.profiles = (uint8_t)(1u << chance(4));
    watch.senders_count = (uint8_t)chance(3);
    watch.strangers_count = (uint8_t)chance(2);
    memcpy(watch.senders[0].address, "\x0b\x01\x02\x03", 4);
    watch.senders[1].is_ip6 = true;
    if (chance(3) == 0) {
        strcpy(watch.text + 1, "mail.example.com");
        watch.mail_from = 1;
        watch.text_len = 18;
    }
}

static void assert_words(uint16_t offset)
{
    assert_true(offset < sizeof judgement.words);
    assert_non_null(memchr(judgement.words + offset, '\0', sizeof judgement.words - offset));
}

static void assert_whole(void)
{
    assert_true(judgement.findings_count <= VD_FINDINGS_MAX);
    assert_in_range(judgement.subjects_count, 1, VD_SUBJECTS_MAX);
    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        const struct vd_subject *of = &judgement.subjects[finding->subject];
        assert_true(finding->subject < judgement.subjects_count);
        if (finding->code == VD_CODE_DOMAIN_SUMMARY) {
            continue; /* of no record set */
        }
        assert_int_not_equal(of->standing, VD_STANDING_UNKNOWN);
        assert_true(strlen(words(finding->subject_line)) > 0);
        assert_true(strlen(words(finding->subject_line)) < 100);
        assert_true(strlen(words(finding->new_text)) > 0);
        assert_words(finding->old_text);
        assert_words(finding->mend);
        assert_words(finding->path);
        assert_words(finding->why);
        /* what is not known is neither found nor missed */
        assert_false(vd_judgement_is_unknown(of, (enum vd_code)finding->code));
    }
}

#define SNAPSHOTS 20000u

static void test_any_snapshot_gets_an_answer_and_twice_the_same(void **state)
{
    static struct vd_judgement again;

    (void)state;
    for (uint32_t round = 0; round < SNAPSHOTS; round++) {
        state_of_chance = round;
        watch_anything();
        memset(&baseline, 0, sizeof baseline);
        baseline.pending = chance(2) == 0 ? 0 : UINT32_MAX;
        build_anything();
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        assert_whole();
        vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
        build_anything();
        memset(&judgement, 0xa5, sizeof judgement);
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        memset(&again, 0x5a, sizeof again);
        vd_judge(&snapshot, &baseline, &watch, &again);
        assert_whole();
        assert_memory_equal(&judgement.subjects, &again.subjects, sizeof again.subjects);
        assert_memory_equal(&judgement.findings, &again.findings, sizeof again.findings);
        assert_memory_equal(judgement.words, again.words, judgement.words_len);
    }
}

static void test_the_same_records_again_are_no_news(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < SNAPSHOTS / 4; round++) {
        state_of_chance = round;
        watch_example((uint8_t)chance(3));
        memset(&baseline, 0, sizeof baseline);
        build_anything();
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        for (size_t i = 0; i < judgement.findings_count; i++) {
            /* nothing that compares with before: those compare with what ought to be */
            enum vd_class class_ = (enum vd_class)judgement.findings[i].class_;
            if (class_ == VD_CLASS_STRENGTHENED) {
                fail_msg("round %u: %s", (unsigned)round,
                         vd_code_info((enum vd_code)judgement.findings[i].code)->code);
            }
        }
    }
}

/* ---- what becomes the baseline ------------------------------------------------------------------ */

static bool is_found(const struct vd_judgement *in, const struct vd_judgement *of,
                     const struct vd_finding *finding)
{
    const struct vd_subject *subject = &of->subjects[finding->subject];

    for (size_t i = 0; i < in->findings_count; i++) {
        const struct vd_subject *other = &in->subjects[in->findings[i].subject];
        if (in->findings[i].code == finding->code && other->kind == subject->kind &&
            other->index == subject->index) {
            return true;
        }
    }
    return false;
}

static bool is_loud(const struct vd_finding *finding)
{
    return vd_code_info((enum vd_code)finding->code)->is_alert;
}

/* Take over what is told once, or not told at all, as the agent does when it is believed. */
static void adopt_told(const struct vd_judgement *from)
{
    for (size_t i = 0; i < from->findings_count; i++) {
        const struct vd_finding *finding = &from->findings[i];
        const struct vd_subject *of = &from->subjects[finding->subject];
        if (!is_loud(finding)) {
            vd_facts_adopt(&baseline, &from->facts, finding->facet, of->kind, of->index, false);
        }
    }
}

/* Any snapshot is learned, then any other one judged. */
static void learn_one_and_see_another(uint32_t seed, struct vd_judgement *out)
{
    state_of_chance = seed_of_chance = seed;
    watch_anything();
    memset(&baseline, 0, sizeof baseline);
    build_anything();
    vd_judge(&snapshot, &baseline, &watch, out);
    vd_facts_learn(&baseline, &out->facts, UINT32_MAX);
    build_anything();
    vd_judge(&snapshot, &baseline, &watch, out);
}

static void test_what_is_told_once_takes_no_alert_with_it_and_is_told_no_more(void **state)
{
    static struct vd_judgement first;

    (void)state;
    for (uint32_t round = 0; round < SNAPSHOTS; round++) {
        learn_one_and_see_another(round, &first);
        adopt_told(&first);
        vd_facts_learn(&baseline, &first.facts, UINT32_MAX);
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        for (size_t i = 0; i < first.findings_count; i++) {
            const struct vd_finding *finding = &first.findings[i];
            bool is_again = is_found(&judgement, &first, finding);
            bool is_rebased = !finding->is_first && finding->facet != VD_FACET_NONE;
            if (is_rebased && is_loud(finding) != is_again) {
                fail_msg("round %u: %s is %s", (unsigned)round,
                         vd_code_info((enum vd_code)finding->code)->code,
                         is_again ? "told again" : "closed");
            }
        }
    }
}

/* Would accepting one finding close the alert of another?  Of the same record set, one of the whole
   may: that is what it says. */
static void assert_others_stay(const struct vd_judgement *first, const struct vd_finding *accepted)
{
    for (size_t i = 0; i < first->findings_count; i++) {
        const struct vd_finding *other = &first->findings[i];
        bool is_of_whole = accepted->facet == VD_FACET_ALL && other->subject == accepted->subject;
        if (other != accepted && is_loud(other) && !is_of_whole &&
            !is_found(&judgement, first, other)) {
            fail_msg("round %u: accepting %s closes %s", (unsigned)seed_of_chance,
                     vd_code_info((enum vd_code)accepted->code)->code,
                     vd_code_info((enum vd_code)other->code)->code);
        }
    }
}

static void test_accepting_one_finding_closes_no_other(void **state)
{
    static struct vd_judgement first;
    static struct vd_facts before;

    (void)state;
    for (uint32_t round = 0; round < SNAPSHOTS / 2; round++) {
        learn_one_and_see_another(round, &first);
        before = baseline;
        for (size_t i = 0; i < first.findings_count; i++) {
            const struct vd_finding *finding = &first.findings[i];
            const struct vd_subject *of = &first.subjects[finding->subject];
            if (is_loud(finding) && !finding->is_first) {
                baseline = before;
                vd_facts_adopt(&baseline, &first.facts, finding->facet, of->kind, of->index, true);
                vd_judge(&snapshot, &baseline, &watch, &judgement);
                assert_others_stay(&first, finding);
            }
        }
    }
}

/* ---- monotone: DMARC against an oracle ------------------------------------------------------------ */

/* Policies as numbers, and the two strengths worked out anew from RFC 7489 and RFC 9989. */
struct policy {
    int p, sp, np, pct, t, adkim, aspf; /* sp, np: -1 not written */
};

static int down(int level)
{
    return level > 0 ? level - 1 : 0;
}

/* Readers of both generations, subdomains, alignment. */
#define PARTS 7u

static void strengths(const struct policy *policy, int out[PARTS])
{
    int sp = policy->sp < 0 ? policy->p : policy->sp;
    int np = policy->np < 0 ? sp : policy->np;

    out[0] = policy->pct < 100 ? down(policy->p) : policy->p;
    out[1] = policy->t ? down(policy->p) : policy->p;
    out[2] = policy->pct < 100 ? down(sp) : sp;
    out[3] = policy->t ? down(sp) : sp;
    out[4] = policy->t ? down(np) : np;
    out[5] = policy->adkim;
    out[6] = policy->aspf;
}

static void write_policy(const struct policy *policy, char *out, size_t cap)
{
    static const char *const levels[] = {"none", "quarantine", "reject"};
    size_t len = (size_t)snprintf(out, cap, "v=DMARC1; p=%s", levels[policy->p]);

    if (policy->sp >= 0) {
        len += (size_t)snprintf(out + len, cap - len, "; sp=%s", levels[policy->sp]);
    }
    if (policy->np >= 0) {
        len += (size_t)snprintf(out + len, cap - len, "; np=%s", levels[policy->np]);
    }
    snprintf(out + len, cap - len, "; pct=%d; t=%c; adkim=%c; aspf=%c; rua=mailto:a@example.com",
             policy->pct, policy->t ? 'y' : 'n', policy->adkim ? 's' : 'r',
             policy->aspf ? 's' : 'r');
}

static struct policy any_policy(void)
{
    static const int pcts[] = {100, 100, 50, 0};

    return (struct policy){
        .p = (int)chance(3),
        .sp = (int)chance(4) - 1,
        .np = (int)chance(4) - 1,
        .pct = PICK(pcts),
        .t = (int)chance(2),
        .adkim = (int)chance(2),
        .aspf = (int)chance(2),
    };
}

static bool has_class(enum vd_class class_)
{
    for (size_t i = 0; i < judgement.findings_count; i++) {
        if (is_told(&judgement.findings[i]) && judgement.findings[i].class_ == class_) {
            return true;
        }
    }
    return false;
}

static bool has_fall(void)
{
    return has_class(VD_CLASS_CRITICAL) || has_class(VD_CLASS_BROKEN) ||
           has_class(VD_CLASS_WEAKENED);
}

static void test_a_policy_that_is_nowhere_stronger_is_never_called_stronger(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < SNAPSHOTS / 2; round++) {
        char was_text[160], now_text[160];
        int was_of[PARTS], now_of[PARTS];
        bool is_less = false, is_more = false;

        state_of_chance = round;
        struct policy was = any_policy(), now = any_policy();
        write_policy(&was, was_text, sizeof was_text);
        write_policy(&now, now_text, sizeof now_text);
        strengths(&was, was_of);
        strengths(&now, now_of);
        for (size_t i = 0; i < PARTS; i++) {
            is_less |= now_of[i] < was_of[i];
            is_more |= now_of[i] > was_of[i];
        }
        /* a rise of the share counts even where t=y leaves nothing of it yet */
        is_more |= was.p == now.p && was.p > 0 && now.pct > was.pct;
        struct world before = good, after = good;
        before.dmarc = was_text;
        after.dmarc = now_text;
        watch_example(0);
        judge_change(&before, &after);
        if ((is_less && !is_more && !has_fall()) ||
            (!is_more && has_class(VD_CLASS_STRENGTHENED))) {
            fail_msg("%s -> %s: %s", was_text, now_text,
                     is_less ? "a fall that is not told" : "called stronger");
        }
        if (!is_less && has_fall() && was.pct == now.pct) {
            fail_msg("%s -> %s: called weaker", was_text, now_text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_snapshot_gets_an_answer_and_twice_the_same),
        cmocka_unit_test(test_the_same_records_again_are_no_news),
        cmocka_unit_test(test_what_is_told_once_takes_no_alert_with_it_and_is_told_no_more),
        cmocka_unit_test(test_accepting_one_finding_closes_no_other),
        cmocka_unit_test(test_a_policy_that_is_nowhere_stronger_is_never_called_stronger),
    };

    return cmocka_run_group_tests_name("judge_properties", tests, NULL, NULL);
}
