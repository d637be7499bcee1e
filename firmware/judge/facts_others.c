/*
 * MAIL FROM, MTA-STS, TLS-RPT and BIMI: facts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/bimi.h"
#include "dns/records/mta_sts.h"
#include "dns/records/spf.h"
#include "dns/records/tls_rpt.h"
#include "dns/records/uri.h"
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"

#include <string.h>

/* ---- one TXT record: MTA-STS, TLS-RPT, BIMI ------------------------------------------------ */

/* Operators of one record's addresses that are told apart. */
#define OPERATORS_MAX 6u

/* What one recognised text comes to. */
struct reading {
    const char *fault; /* "" if it is valid */
    uint32_t id;
    uint32_t hosts;
    uint32_t operators[OPERATORS_MAX]; /* that hosts is the sum of */
    bool is_refusal;
};

/* Whose host is it?  Host names of URIs come in any case. */
static uint32_t operator_of_host(struct vd_span host, const char *domain)
{
    char name[VD_DOMAIN_TEXT_MAX];
    size_t len = host.len < sizeof name - 1 ? host.len : sizeof name - 1;

    for (size_t i = 0; i < len; i++) {
        name[i] = (char)vd_ascii_lower(host.bytes[i]);
    }
    name[len] = '\0';
    return vd_operator_of(name, domain);
}

static void add_operator(struct reading *out, uint32_t operator_)
{
    size_t i = 0;

    while (i < OPERATORS_MAX && out->operators[i] != 0 && out->operators[i] != operator_) {
        i++;
    }
    if (i < OPERATORS_MAX && out->operators[i] == 0) {
        out->operators[i] = operator_;
        out->hosts += operator_;
    }
}

/* Order-free: of the addresses, and of their operators, each of them once. */
static void add_uris(struct vd_span list, const char *domain, struct reading *out)
{
    struct vd_uri uri;
    enum vd_status status;

    while ((status = vd_uri_next(&list, &uri)) != VD_OTHER) {
        if (status == VD_OK) {
            out->id += vd_uri_hash(&uri);
            add_operator(out, operator_of_host(uri.host, domain));
        }
    }
}

static bool read_mta_sts(struct vd_span text, const char *domain, struct reading *out)
{
    struct vd_mta_sts record;

    (void)domain;
    if (vd_mta_sts_parse(text, &record) != VD_OK) {
        return false;
    }
    out->fault = record.fault;
    out->id = vd_hash(VD_HASH_START, record.id.bytes, record.id.len);
    return true;
}

static bool read_tls_rpt(struct vd_span text, const char *domain, struct reading *out)
{
    struct vd_tls_rpt record;
    struct vd_span rua;

    if (vd_tls_rpt_parse(text, &record) != VD_OK) {
        return false;
    }
    out->fault = record.fault;
    while (vd_tls_rpt_next_rua(&record, &rua)) {
        add_uris(rua, domain, out);
    }
    return true;
}

static bool read_bimi(struct vd_span text, const char *domain, struct reading *out)
{
    struct vd_bimi record;

    if (vd_bimi_parse(text, &record) != VD_OK) {
        return false;
    }
    out->fault = record.fault;
    out->is_refusal = record.is_refusal || (record.fault[0] == '\0' && record.location.len == 0);
    add_uris(record.location, domain, out);
    out->id *= 31u; /* the logo in the place of its certificate is another record */
    add_uris(record.authority, domain, out);
    return true;
}

/* How to read each, by kind. */
static const struct kind {
    const char *prefix;
    bool (*read)(struct vd_span text, const char *domain, struct reading *out);
} kinds[VD_SUBJECT_KINDS] = {
    [VD_SUBJECT_MTA_STS] = {"_mta-sts.", read_mta_sts},
    [VD_SUBJECT_TLS_RPT] = {"_smtp._tls.", read_tls_rpt},
    [VD_SUBJECT_BIMI] = {"default._bimi.", read_bimi},
};

/* Recognised texts.  What else stands there (a wildcard's, say) is not looked at: RFC 8461, section
   3.1; RFC 8460, section 3. */
static void read_texts(const struct vd_reading *at, const struct vd_answer *answer, uint8_t kind,
                       struct vd_text_facts *facts)
{
    struct reading reading = {.fault = ""};
    const struct vd_record *record;

    for (size_t i = 0; (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span text = vd_snapshot_span(at->snapshot, record);
        struct reading one = {.fault = ""};
        if (!kinds[kind].read(text, at->watch->domain, &one)) {
            facts->slip =
                facts->slip != VD_SLIP_NONE ? facts->slip : (uint8_t)vd_slip_of_text(text, kind);
            continue;
        }
        facts->records = (uint8_t)(facts->records < UINT8_MAX ? facts->records + 1 : UINT8_MAX);
        if (facts->records == 1) {
            reading = one;
            vd_facts_write_record(at->out, &facts->text, text);
        }
    }
    if (facts->records == 0) {
        facts->standing = VD_STANDING_ABSENT;
        return;
    }
    const char *fault = facts->records > 1 ? "two records" : reading.fault;
    facts->slip = VD_SLIP_NONE;
    facts->standing = fault[0] == '\0' ? VD_STANDING_OK : VD_STANDING_BROKEN;
    if (facts->standing == VD_STANDING_BROKEN) {
        vd_facts_write(at->out, &facts->fault, "%s", fault);
        return;
    }
    facts->id = reading.id;
    facts->hosts = reading.hosts;
    facts->is_refusal = reading.is_refusal;
}

static void read_text_kind(const struct vd_reading *at, uint8_t kind, struct vd_text_facts *facts,
                           const struct vd_text_facts *was)
{
    char owner[VD_OWNER_TEXT_MAX];
    bool is_open;
    const struct vd_answer *answer =
        vd_reading_find(at, vd_owner_text(owner, kinds[kind].prefix, "", at->watch->domain),
                        VD_TYPE_TXT, VD_WANT_OWN);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        facts->detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    if (answer->presence == VD_PRESENT) {
        read_texts(at, answer, kind, facts);
    } else {
        facts->standing = VD_STANDING_ABSENT;
        facts->detail = answer->detail;
    }
    if (facts->standing == VD_STANDING_ABSENT && was->standing == VD_STANDING_OK &&
        facts->slip == VD_SLIP_NONE && kind != VD_SUBJECT_BIMI) {
        facts->slip = (uint8_t)vd_slip_look(at, kind, 0, &facts->fault, &is_open);
    }
}

void vd_facts_read_mta_sts(const struct vd_reading *at)
{
    read_text_kind(at, VD_SUBJECT_MTA_STS, &at->out->mta_sts, &at->was->mta_sts);
}

void vd_facts_read_tls_rpt(const struct vd_reading *at)
{
    read_text_kind(at, VD_SUBJECT_TLS_RPT, &at->out->tls_rpt, &at->was->tls_rpt);
}

void vd_facts_read_bimi(const struct vd_reading *at)
{
    read_text_kind(at, VD_SUBJECT_BIMI, &at->out->bimi, &at->was->bimi);
}

/* ---- MAIL FROM ----------------------------------------------------------------------------- */

/* One SPF record (RFC 7208, section 4.5), as a number that knows neither order, case nor blanks.
   It is the service's, and short: only its grammar is looked at.  0: it is broken. */
static uint32_t hash_spf(const struct vd_spf *spf)
{
    uint32_t hash = VD_HASH_START;

    for (size_t i = 0; i < spf->terms_count; i++) {
        const struct vd_spf_term *term = &spf->terms[i];
        hash += vd_spf_term_hash((struct vd_span){spf->text + term->offset, term->len});
    }
    return hash == 0 ? 1 : hash;
}

static void set_broken(const struct vd_reading *at, const char *fault)
{
    struct vd_mail_from_facts *facts = &at->out->mail_from;

    facts->standing = VD_STANDING_BROKEN;
    facts->spf_set = 0;
    facts->passes_all = 0;
    facts->has_service = 0;
    vd_facts_write(at->out, &facts->fault, "%s", fault);
}

/* Returns the service whose include: it is; NULL: nobody's that we know. */
static const struct vd_provider *service_of(const struct vd_watch *watch, const struct vd_spf *spf,
                                            const char *domain)
{
    char name[VD_DOMAIN_TEXT_MAX];

    for (size_t i = 0; i < spf->terms_count; i++) {
        const struct vd_provider *provider = NULL;
        if (spf->terms[i].kind == VD_SPF_INCLUDE &&
            vd_spf_target(spf, &spf->terms[i], domain, name, sizeof name) == VD_OK) {
            provider = vd_provider_of_include(watch, name);
        }
        if (provider != NULL) {
            return provider;
        }
    }
    return NULL;
}

/* By a term of its own; where includes lead is the service's affair. */
static bool passes_all(const struct vd_spf *spf)
{
    for (size_t i = 0; i < spf->terms_count; i++) {
        const struct vd_spf_term *term = &spf->terms[i];
        if (term->kind == VD_SPF_ALL) {
            return term->qualifier == '+';
        }
        if (term->qualifier == '+' && (term->prefix4 == 0 || term->prefix6 == 0)) {
            return true;
        }
    }
    return false;
}

static void take_spf(const struct vd_reading *at, const struct vd_spf *spf, const char *owner,
                     const struct vd_provider **service)
{
    struct vd_mail_from_facts *facts = &at->out->mail_from;

    *service = service_of(at->watch, spf, owner);
    facts->spf_set = hash_spf(spf);
    facts->passes_all = passes_all(spf);
    facts->has_service = *service != NULL;
}

/* The SPF record; *service: the one that it lets in. */
static void read_spf(const struct vd_reading *at, const struct vd_answer *answer, const char *owner,
                     const struct vd_provider **service)
{
    struct vd_mail_from_facts *facts = &at->out->mail_from;
    const struct vd_record *record;
    struct vd_spf spf;
    unsigned records = 0;
    const char *fault = NULL;

    for (size_t i = 0; answer->presence == VD_PRESENT &&
                       (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span text = vd_snapshot_span(at->snapshot, record);
        enum vd_status status = vd_spf_parse(text.bytes, text.len, &spf);
        if (status == VD_OTHER) {
            facts->slip = facts->slip != VD_SLIP_NONE
                              ? facts->slip
                              : (uint8_t)vd_slip_of_text(text, VD_SUBJECT_MAIL_FROM);
            continue;
        }
        if (status == VD_EFULL) {
            facts->detail = VD_DETAIL_LIMIT;
            return; /* neither good nor broken: unknown */
        }
        if (records++ == 0) {
            vd_facts_write_record(at->out, &facts->text, text);
            fault = status == VD_OK ? NULL : spf.fault;
            if (status == VD_OK) {
                take_spf(at, &spf, owner, service);
            }
        }
    }
    facts->standing = records == 0 ? VD_STANDING_ABSENT : VD_STANDING_OK;
    facts->detail = records == 0 ? answer->detail : (uint8_t)VD_DETAIL_NONE;
    if (records > 1) {
        set_broken(at, "two SPF records");
    } else if (fault != NULL) {
        set_broken(at, fault);
    }
}

/* A host of the service itself takes the bounces; what else stands there, it does not look at. */
static bool is_of_service(const struct vd_watch *watch, const struct vd_provider *service,
                          const char *host)
{
    const struct vd_provider *provider = vd_provider_of_host(watch, host);

    return service == NULL || service->hosts[0] == '\0' ||
           (provider != NULL && strcmp(provider->title, service->title) == 0);
}

/* Longest list that is kept to be shown. */
#define MX_TEXT_KEPT 300u

static void read_mx(const struct vd_reading *at, const struct vd_answer *answer,
                    const struct vd_provider *service)
{
    struct vd_mail_from_facts *facts = &at->out->mail_from;
    const struct vd_record *record = NULL;
    uint8_t slip = VD_SLIP_NONE;
    bool has_any = false;

    facts->mx_standing = VD_STANDING_ABSENT;
    while (answer->presence == VD_PRESENT &&
           (record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        struct vd_span name = vd_snapshot_span(at->snapshot, record);
        bool is_null = strcmp(host, ".") == 0;
        enum vd_slip typed = vd_slip_of_target(host, at->watch->domain);
        if (vd_facts_list(at->out, &facts->mx_text, MX_TEXT_KEPT)) {
            vd_facts_write(at->out, &facts->mx_text, "%u %s", (unsigned)record->preference, host);
        }
        has_any = true;
        facts->mx_set += vd_hash(VD_HASH_START, name.bytes, name.len);
        if (typed == VD_SLIP_NONE && !is_null && is_of_service(at->watch, service, host)) {
            facts->mx_standing = VD_STANDING_OK;
        }
        slip = slip == VD_SLIP_NONE ? (uint8_t)typed : slip;
    }
    if (has_any && facts->mx_standing != VD_STANDING_OK) {
        facts->mx_standing = VD_STANDING_BROKEN;
        facts->slip = facts->standing == VD_STANDING_OK ? slip : facts->slip;
    }
}

void vd_facts_read_mail_from(const struct vd_reading *at)
{
    struct vd_mail_from_facts *facts = &at->out->mail_from;
    const char *owner = vd_watch_text(at->watch, at->watch->mail_from);
    const struct vd_provider *service = NULL;
    bool is_open;

    if (owner[0] == '\0') {
        facts->standing = VD_STANDING_OK;
        facts->mx_standing = VD_STANDING_OK;
        return;
    }
    const struct vd_answer *spf = vd_reading_find(at, owner, VD_TYPE_TXT, VD_WANT_OWN);
    const struct vd_answer *mx = vd_reading_find(at, owner, VD_TYPE_MX, VD_WANT_OWN);
    if (spf == NULL || spf->presence == VD_UNKNOWN) {
        facts->detail = spf == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(spf);
        return;
    }
    read_spf(at, spf, owner, &service);
    if (facts->standing == VD_STANDING_ABSENT && facts->slip == VD_SLIP_NONE) {
        facts->slip = (uint8_t)vd_slip_look(at, VD_SUBJECT_MAIL_FROM, 0, &facts->fault, &is_open);
    }
    if (mx == NULL || mx->presence == VD_UNKNOWN) {
        facts->unknown = VD_FACET_BIT(VD_FACET_MAIL_FROM_MX);
        facts->detail = mx == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(mx);
        return;
    }
    read_mx(at, mx, service);
}
