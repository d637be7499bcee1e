/*
 * A zone as text, surveyed as the agent does it: what the judge wants is answered, until it wants
 * no more.  For the tests of SPF.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_SPF_WORLD_H
#define VD_TEST_SPF_WORLD_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "firmware/judge/judge.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"

/*
 * Lines "owner TYPE data", "\n" between; owner "@" is example.com, a name without a dot at its end
 * lies below it.  TYPE: TXT, A, AAAA, MX ("10 host."), CNAME, PTR; "FAIL TYPE" times out, and
 * "FREE -" says that nobody has registered the owner.
 */
static struct vd_snapshot snapshot;
static struct vd_facts baseline;
static struct vd_judgement judgement;
static struct vd_watch watch;
static const char *zone;
static unsigned rounds; /* of questions that were needed */

struct line {
    char owner[256];
    char type[8];
    char data[2400];
};

static inline void full_name(char *out, const char *name)
{
    size_t len = strlen(name);

    if (strcmp(name, "@") == 0) {
        strcpy(out, "example.com");
    } else if (name[len - 1] == '.') {
        snprintf(out, 256, "%.*s", (int)(len - 1), name);
    } else {
        snprintf(out, 256, "%.200s.example.com", name);
    }
}

/* The next line; NULL: no more. */
static inline const char *next_line(const char *at, struct line *line)
{
    char owner[256];

    while (*at == '\n') {
        at++;
    }
    if (*at == '\0') {
        return NULL;
    }
    size_t len = strcspn(at, "\n");
    char copy[2700];
    assert_true(len < sizeof copy);
    snprintf(copy, sizeof copy, "%.*s", (int)len, at);
    int skip = 0;
    assert_int_equal(sscanf(copy, "%255s %7s %n", owner, line->type, &skip), 2);
    full_name(line->owner, owner);
    snprintf(line->data, sizeof line->data, "%s", copy + skip);
    return at + len;
}

static inline const char *type_word(uint16_t type)
{
    return type == VD_TYPE_A       ? "A"
           : type == VD_TYPE_AAAA  ? "AAAA"
           : type == VD_TYPE_MX    ? "MX"
           : type == VD_TYPE_TXT   ? "TXT"
           : type == VD_TYPE_PTR   ? "PTR"
           : type == VD_TYPE_CNAME ? "CNAME"
                                   : "?";
}

static inline void add_record(size_t index, uint16_t type, const char *data)
{
    uint8_t bytes[16];
    char name[256];
    unsigned preference = 0;
    int skip = 0;

    if (type == VD_TYPE_A || type == VD_TYPE_AAAA) {
        assert_int_equal(inet_pton(type == VD_TYPE_A ? AF_INET : AF_INET6, data, bytes), 1);
        assert_int_equal(
            vd_snapshot_add(&snapshot, index, type, 0, bytes, type == VD_TYPE_A ? 4 : 16), VD_OK);
        return;
    }
    if (type == VD_TYPE_TXT) {
        assert_int_equal(
            vd_snapshot_add(&snapshot, index, type, 0, (const uint8_t *)data, strlen(data)), VD_OK);
        return;
    }
    if (type == VD_TYPE_MX) {
        assert_int_equal(sscanf(data, "%u %n", &preference, &skip), 1);
    }
    if (strcmp(data + skip, ".") == 0) {
        strcpy(name, ".");
    } else {
        full_name(name, data + skip);
    }
    assert_int_equal(vd_snapshot_add(&snapshot, index, type, (uint16_t)preference,
                                     (const uint8_t *)name, strlen(name)),
                     VD_OK);
}

static inline unsigned labels_of(const char *name)
{
    unsigned count = 1;

    for (; *name != '\0'; name++) {
        count += *name == '.';
    }
    return count;
}

static inline bool is_below(const char *name, const char *domain)
{
    size_t a = strlen(name);
    size_t b = strlen(domain);

    return a >= b && strcasecmp(name + a - b, domain) == 0 && (a == b || name[a - b - 1] == '.');
}

/* Fill in one answer from the zone. */
static inline void answer_from(size_t index, const char *name, uint16_t type)
{
    struct vd_answer *answer = &snapshot.answers[index];
    struct line line;
    const char *at = zone;
    bool is_there = false;
    bool is_free = false;

    answer->is_done = true;
    answer->rcode = 0;
    answer->presence = VD_ABSENT;
    while ((at = next_line(at, &line)) != NULL) {
        is_free = is_free || (strcmp(line.type, "FREE") == 0 && is_below(name, line.owner));
        is_there = is_there || (strcmp(line.type, "FREE") != 0 && is_below(line.owner, name));
        if (strcasecmp(line.owner, name) != 0) {
            continue;
        }
        if (strcmp(line.type, "FAIL") == 0 && strcmp(line.data, type_word(type)) == 0) {
            answer->presence = VD_UNKNOWN;
            answer->detail = VD_DETAIL_TIMEOUT;
            return;
        }
        if (strcmp(line.type, "CNAME") == 0) {
            char target[256];
            full_name(target, line.data);
            add_record(index, VD_TYPE_CNAME, line.data);
            name = "";
            for (const char *again = zone; (again = next_line(again, &line)) != NULL;) {
                if (strcasecmp(line.owner, target) == 0 &&
                    strcmp(line.type, type_word(type)) == 0) {
                    add_record(index, type, line.data);
                    answer->presence = VD_PRESENT;
                }
            }
            answer->detail = answer->presence == VD_PRESENT ? VD_DETAIL_NONE : VD_DETAIL_DANGLING;
            return;
        }
        if (strcmp(line.type, type_word(type)) == 0) {
            add_record(index, type, line.data);
            answer->presence = VD_PRESENT;
            answer->detail = VD_DETAIL_NONE;
        }
    }
    if (answer->presence == VD_ABSENT) {
        unsigned labels = labels_of(name);
        answer->detail = is_there ? VD_DETAIL_NODATA : VD_DETAIL_NXDOMAIN;
        answer->rcode = is_there ? 0 : 3;
        answer->has_soa = true;
        answer->soa_up = (uint8_t)(is_free ? labels - 1 : labels > 2 ? labels - 2 : 0);
    }
}

struct asker {
    unsigned news;
};

static inline void on_want(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    struct asker *asker = ctx;
    size_t index;

    (void)want;
    enum vd_status status = vd_snapshot_ask(&snapshot, name, type, &index);
    assert_true(status == VD_OK || status == VD_OTHER);
    asker->news += status == VD_OK;
}

static inline void survey(const char *text)
{
    struct asker asker;
    size_t done = 0;

    zone = text;
    vd_snapshot_clear(&snapshot);
    rounds = 0;
    do {
        asker.news = 0;
        memset(&judgement, 0, sizeof judgement);
        vd_judge_wants(&snapshot, &baseline, &watch, &judgement, on_want, &asker);
        for (; done < snapshot.answers_count; done++) {
            char name[1024];
            snprintf(name, sizeof name, "%s", vd_snapshot_name(&snapshot, &snapshot.answers[done]));
            answer_from(done, name, snapshot.answers[done].type);
        }
        rounds += asker.news > 0;
    } while (asker.news > 0);
}

static inline void judge_zone(const char *text)
{
    survey(text);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

/* Learn from `was` (NULL: first contact), then judge `now`. */
static inline void judge_zones(const char *was, const char *now)
{
    memset(&baseline, 0, sizeof baseline);
    if (was != NULL) {
        judge_zone(was);
        vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    }
    judge_zone(now);
}

static inline const struct vd_spf_facts *spf(void)
{
    return &judgement.facts.spf;
}

static inline const char *words(uint16_t offset)
{
    return vd_judgement_words(&judgement, offset);
}

static inline const char *text_of(struct vd_text_ref ref)
{
    return vd_facts_text(&judgement.facts, ref);
}

static inline bool is_spf(const struct vd_finding *finding)
{
    return judgement.subjects[finding->subject].kind == VD_SUBJECT_SPF &&
           finding->code != VD_CODE_DOMAIN_SUMMARY;
}

static inline const struct vd_finding *find(enum vd_code code)
{
    for (size_t i = 0; i < judgement.findings_count; i++) {
        if (judgement.findings[i].code == code && !judgement.findings[i].is_silent) {
            return &judgement.findings[i];
        }
    }
    return NULL;
}

static inline bool is_told(enum vd_code code, enum vd_class class_, enum vd_severity severity)
{
    const struct vd_finding *finding = find(code);

    return finding != NULL && finding->class_ == class_ && finding->severity == severity;
}

static inline size_t count_told(void)
{
    size_t count = 0;

    for (size_t i = 0; i < judgement.findings_count; i++) {
        count += is_spf(&judgement.findings[i]) && !judgement.findings[i].is_silent;
    }
    return count;
}

static inline void print_findings(const char *row)
{
    print_error("%s: standing %u, unknown %02x, got:\n", row, spf()->standing, spf()->unknown);
    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        if (is_spf(finding)) {
            print_error("  %s class %u severity %u%s: %s\n",
                        vd_code_info((enum vd_code)finding->code)->code, finding->class_,
                        finding->severity, finding->is_silent ? " (silent)" : "",
                        words(finding->subject_line));
        }
    }
}

/* Every finding of SPF is fit to be told, and no facet has two. */
static inline void check_shape(const char *row)
{
    unsigned facets = 0;

    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        if (!is_spf(finding)) {
            continue;
        }
        bool is_fit = strlen(words(finding->subject_line)) < 100 &&
                      words(finding->subject_line)[0] != '\0' && words(finding->why)[0] != '\0' &&
                      words(finding->new_text)[0] != '\0' &&
                      (finding->class_ == VD_CLASS_STRENGTHENED || words(finding->mend)[0] != '\0');
        if (finding->facet < VD_FACETS_END) {
            is_fit = is_fit && (facets & VD_FACET_BIT(finding->facet)) == 0;
            facets |= VD_FACET_BIT(finding->facet);
        }
        if (!is_fit) {
            print_findings(row);
            print_error("unfit: %s\n", vd_code_info((enum vd_code)finding->code)->code);
            fail();
        }
    }
    assert_int_equal(judgement.is_cut, 0);
}

/* Exactly one finding of SPF that is told; VD_CODE_NONE: none. */
static inline void expect(const char *row, enum vd_code code, enum vd_class class_,
                          enum vd_severity severity)
{
    bool is_right = code == VD_CODE_NONE ? count_told() == 0
                                         : count_told() == 1 && is_told(code, class_, severity);

    if (!is_right) {
        print_error("wanted %s class %d severity %d\n", vd_code_info(code)->code, class_, severity);
        print_findings(row);
        fail();
    }
    check_shape(row);
}

static inline int set_up(void **state)
{
    (void)state;
    memset(&watch, 0, sizeof watch);
    strcpy(watch.domain, "example.com");
    watch.dmarc_floor = watch.spf_floor = VD_FLOOR_NONE;
    memset(&baseline, 0, sizeof baseline);
    return 0;
}

static inline void add_address(struct vd_sender *list, uint8_t *count, const char *text)
{
    struct vd_sender *sender = &list[(*count)++];

    sender->is_ip6 = strchr(text, ':') != NULL;
    assert_int_equal(inet_pton(sender->is_ip6 ? AF_INET6 : AF_INET, text, sender->address), 1);
}

#define NOTHING      VD_CODE_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_NONE
#define CRITICAL     VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL
#define BROKEN_ERROR VD_CLASS_BROKEN, VD_SEVERITY_ERROR
#define BROKEN       VD_CLASS_BROKEN, VD_SEVERITY_WARNING
#define WEAKENED     VD_CLASS_WEAKENED, VD_SEVERITY_WARNING
#define MINOR        VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE
#define CHANGED      VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define NOTABLE      VD_CLASS_CHANGED, VD_SEVERITY_NOTICE
#define STRONGER     VD_CLASS_STRENGTHENED, VD_SEVERITY_NOTICE
#define BETTER       VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

#endif
