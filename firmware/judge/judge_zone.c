/*
 * NS, DS and AD: verdicts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_others.h"

#include <stdio.h>
#include <string.h>

/* ---- NS ------------------------------------------------------------------------------------ */

static bool has(const uint32_t *list, size_t max, uint32_t value)
{
    for (size_t i = 0; i < max; i++) {
        if (list[i] == value) {
            return true;
        }
    }
    return false;
}

/* Is none of the servers known from before?  Another account of the same operator has other ones. */
static bool is_replaced(const struct vd_ns_facts *was, const struct vd_ns_facts *now)
{
    if (was->count > VD_NS_NAMES_MAX || now->count > VD_NS_NAMES_MAX) {
        return false; /* one that was forgotten may be among them */
    }
    for (size_t i = 0; i < VD_NS_NAMES_MAX && now->names[i] != 0; i++) {
        if (has(was->names, VD_NS_NAMES_MAX, now->names[i])) {
            return false;
        }
    }
    return true;
}

static bool has_new_operator(const struct vd_ns_facts *was, const struct vd_ns_facts *now)
{
    for (size_t i = 0; i < VD_NS_OPERATORS_MAX && now->operators[i] != 0; i++) {
        if (!has(was->operators, VD_NS_OPERATORS_MAX, now->operators[i])) {
            return was->operators[VD_NS_OPERATORS_MAX - 1] == 0; /* else it may be one forgotten */
        }
    }
    return false;
}

static void add_ns(const struct vd_case *at, enum vd_code code, const char *subject)
{
    struct vd_finding finding = vd_finding_of(at, code);

    finding.rtype = VD_TYPE_NS;
    vd_other_add(at, &finding, subject);
}

void vd_judge_ns(const struct vd_case *at)
{
    const struct vd_ns_facts *was = &at->was->ns;
    const struct vd_ns_facts *now = &at->now->ns;
    bool is_zone = now->standing == VD_STANDING_OK;

    if (vd_case_is_first(at) || (now->hosts == was->hosts && now->standing == was->standing)) {
        return;
    }
    if (!is_zone) {
        add_ns(at, VD_CODE_NS_REPLACED, "no name servers of its own any more");
    } else if (was->standing != VD_STANDING_OK) {
        add_ns(at, VD_CODE_NS_REPLACED, "has name servers of its own now");
    } else if (is_replaced(was, now)) {
        add_ns(at, VD_CODE_NS_REPLACED, "all name servers are others than before");
    } else if (has_new_operator(was, now)) {
        add_ns(at, VD_CODE_NS_REPLACED, "a name server of a new operator");
    } else {
        add_ns(at, VD_CODE_NS_CHANGED, "name servers changed, same operators");
    }
}

const char *vd_ns_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    snprintf(out, VD_SUMMARY_MAX, "%.180s",
             facts->ns.standing == VD_STANDING_OK ? vd_facts_text(facts, facts->ns.text)
                                                  : "no zone of its own");
    return out;
}

/* ---- DS and AD ----------------------------------------------------------------------------- */

static void add_ds(const struct vd_case *at, enum vd_code code, const char *subject)
{
    struct vd_finding finding = vd_finding_of(at, code);

    finding.rtype = VD_TYPE_DS;
    vd_other_add(at, &finding, subject);
}

static bool is_compared(const struct vd_case *at, uint8_t facet)
{
    return ((at->was->ds.unknown | at->now->ds.unknown) & VD_FACET_BIT(facet)) == 0;
}

static void compare_ds(const struct vd_case *at)
{
    const struct vd_ds_facts *was = &at->was->ds;
    const struct vd_ds_facts *now = &at->now->ds;

    if (was->standing == VD_STANDING_OK && now->standing != VD_STANDING_OK) {
        add_ds(at, VD_CODE_DS_MISSING, "DS is gone: DNSSEC no longer protects the domain");
    } else if (was->standing != VD_STANDING_OK && now->standing == VD_STANDING_OK) {
        add_ds(at, VD_CODE_DS_APPEARED, "DS appeared: DNSSEC protects the domain");
    } else if (now->set != was->set) {
        add_ds(at, VD_CODE_DS_CHANGED, "DS changed: another key signs the domain");
    }
}

/* Where DS is gone as well, that says it all. */
static void compare_ad(const struct vd_case *at)
{
    const struct vd_ds_facts *was = &at->was->ds;
    const struct vd_ds_facts *now = &at->now->ds;

    bool is_ds_gone = is_compared(at, VD_FACET_DS_RECORD) && was->standing == VD_STANDING_OK &&
                      now->standing != VD_STANDING_OK;

    if (was->ad_server != now->ad_server) {
        return;
    }
    if (was->is_ad && !now->is_ad && !is_ds_gone) {
        add_ds(at, VD_CODE_DS_AD_LOST, "answers are no longer validated by DNSSEC");
    } else if (!was->is_ad && now->is_ad) {
        add_ds(at, VD_CODE_DS_AD_FOUND, "answers are validated by DNSSEC now");
    }
}

void vd_judge_ds(const struct vd_case *at)
{
    const struct vd_ds_facts *now = &at->now->ds;

    if (vd_case_is_first(at)) {
        if (now->standing == VD_STANDING_ABSENT &&
            (now->unknown & VD_FACET_BIT(VD_FACET_DS_RECORD)) == 0 &&
            at->now->ns.standing == VD_STANDING_OK) {
            vd_case_hint(at, "no DNSSEC (DS)");
        }
        return;
    }
    if (is_compared(at, VD_FACET_DS_RECORD)) {
        compare_ds(at);
    }
    if (is_compared(at, VD_FACET_DS_AD)) {
        compare_ad(at);
    }
}

const char *vd_ds_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    const struct vd_ds_facts *ds = &facts->ds;

    if ((ds->unknown & VD_FACET_BIT(VD_FACET_DS_RECORD)) != 0) {
        snprintf(out, VD_SUMMARY_MAX, "only the zone itself answers, not its parent");
    } else if (ds->standing != VD_STANDING_OK) {
        snprintf(out, VD_SUMMARY_MAX, "not signed");
    } else {
        snprintf(out, VD_SUMMARY_MAX, "%.150s%s", vd_facts_text(facts, ds->text),
                 (ds->unknown & VD_FACET_BIT(VD_FACET_DS_AD)) != 0 ? ""
                 : ds->is_ad                                       ? ", AD"
                                                                   : ", no AD");
    }
    return out;
}
