/*
 * Ask a registry whether a domain is there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/parent.h"

#include "firmware/judge/takeover.h"

#include <string.h>

bool vd_parent_concerns(uint8_t code)
{
    return code == VD_CODE_SPF_TAKEOVER || code == VD_CODE_DKIM_TAKEOVER ||
           code == VD_CODE_MX_TAKEOVER;
}

void vd_parent_domain_of(const struct vd_snapshot *snapshot, const struct vd_judgement *judgement,
                         const struct vd_watch *watch, const struct vd_facts *was,
                         const struct vd_finding *finding, char *zone)
{
    const struct vd_facts *facts = &judgement->facts;
    const struct vd_reading reading = {.snapshot = snapshot, .watch = watch, .was = was};
    const char *name = vd_judgement_words(judgement, judgement->subjects[finding->subject].record);
    uint16_t type = VD_TYPE_TXT;

    zone[0] = '\0';
    if (finding->code == VD_CODE_SPF_TAKEOVER) { /* "ZONE (PATH)" */
        const char *where = vd_facts_text(facts, facts->spf.where);
        size_t len = strcspn(where, " ");
        if (len < VD_DOMAIN_TEXT_MAX && where[len] == ' ') { /* else it was cut */
            memcpy(zone, where, len);
            zone[len] = '\0';
        }
        return;
    }
    if (finding->code == VD_CODE_MX_TAKEOVER) {
        name = vd_facts_text(facts, facts->mx.fault);
        type = VD_TYPE_A;
    }
    if (vd_takeover_of(&reading, vd_snapshot_find(snapshot, name, type), zone) != VD_TAKEOVER_YES &&
        type == VD_TYPE_A) {
        (void)vd_takeover_of(&reading, vd_snapshot_find(snapshot, name, VD_TYPE_AAAA), zone);
    }
}

/* ---- what is to be asked ------------------------------------------------------------------ */

/* The place of a domain, or one for it: of those that nobody waits for, the oldest.  NULL: no
   room. */
static struct vd_parent_domain *place_for(struct vd_parent *parent, const char *zone)
{
    struct vd_parent_domain *oldest = NULL;

    for (size_t i = 0; i < VD_PARENTS_MAX; i++) {
        struct vd_parent_domain *domain = &parent->domains[i];
        if (strcmp(domain->name, zone) == 0) {
            return domain;
        }
        if (!domain->is_wanted && (oldest == NULL || domain->asked_ms < oldest->asked_ms)) {
            oldest = domain;
        }
    }
    if (oldest != NULL) {
        memset(oldest, 0, sizeof(*oldest));
        memcpy(oldest->name, zone, strlen(zone) + 1);
    }
    return oldest;
}

static bool is_fresh(const struct vd_parent_domain *domain, uint64_t now_ms)
{
    return domain->verdict != VD_PARENT_NONE && !domain->is_wanted &&
           now_ms < domain->asked_ms + VD_PARENT_KEEP_MS;
}

enum vd_parent_verdict vd_parent_ask(struct vd_parent *parent, const char *zone,
                                     struct vd_alert *alert, uint64_t now_ms)
{
    struct vd_parent_domain *domain = place_for(parent, zone);

    alert->parent = VD_PARENT_AWAITED;
    if (domain == NULL) {
        alert->parent_at = VD_PARENTS_MAX; /* once more when there is room */
        return VD_PARENT_AWAITED;
    }
    alert->parent_at = (uint8_t)(domain - parent->domains);
    if (is_fresh(domain, now_ms)) {
        alert->parent = domain->verdict;
    } else {
        domain->is_wanted = true;
    }
    return (enum vd_parent_verdict)alert->parent;
}

const char *vd_parent_next(struct vd_parent *parent)
{
    for (uint8_t i = 0; !parent->is_at_work && i < VD_PARENTS_MAX; i++) {
        if (parent->domains[i].is_wanted) {
            memset(&parent->list, 0, sizeof(parent->list));
            parent->at = i;
            parent->is_at_work = true;
            parent->is_refuted = false;
            parent->lookups = parent->asked = parent->gone = 0;
        }
    }
    return parent->is_at_work ? parent->domains[parent->at].name : NULL;
}

/* ---- asking -------------------------------------------------------------------------------- */

bool vd_parent_needs_list(struct vd_parent *parent)
{
    const struct vd_authorities *list = &parent->list;

    if (list->count > 0 || parent->lookups >= VD_PARENT_LOOKUPS_MAX) {
        return false;
    }
    parent->lookups++;
    return true;
}

int vd_parent_place(const struct vd_parent *parent)
{
    const struct vd_authorities *list = &parent->list;
    /* Offset 0: resolvers know the domain's own zone by now, and its servers are no registry's. */
    bool is_decided = parent->is_refuted || parent->gone >= 2 || list->zone_at == 0;

    return !is_decided && parent->asked < list->count ? (int)VD_AUTHORITY(parent->asked) : -1;
}

/* Is the SOA of this negative answer the registry's? */
static bool is_of_registry(const struct vd_parent *parent, const struct vd_answer *answer)
{
    const char *owner = parent->domains[parent->at].name;
    const char *registry = owner + parent->list.zone_at;

    for (unsigned up = answer->soa_up; owner != NULL && up > 0; up--) {
        owner = strchr(owner, '.');
        owner = owner == NULL ? NULL : owner + 1;
    }
    return answer->has_soa && owner == registry;
}

void vd_parent_take(struct vd_parent *parent, const struct vd_snapshot *snapshot)
{
    const struct vd_answer *answer =
        vd_snapshot_find(snapshot, parent->domains[parent->at].name, VD_PARENT_TYPE);

    parent->asked++;
    if (answer == NULL) {
        return;
    }
    if (answer->presence == VD_ABSENT && answer->detail == VD_DETAIL_NXDOMAIN) {
        parent->gone = (uint8_t)(parent->gone + is_of_registry(parent, answer));
    } else if (answer->presence != VD_UNKNOWN || answer->detail == VD_DETAIL_LAME) {
        parent->is_refuted = true; /* it is there; LAME: it refers to its servers */
    }
}

enum vd_parent_verdict vd_parent_end(struct vd_parent *parent, uint64_t now_ms)
{
    struct vd_parent_domain *domain = &parent->domains[parent->at];
    const struct vd_authorities *list = &parent->list;
    bool is_refuted = parent->is_refuted || (list->count > 0 && list->zone_at == 0);

    parent->is_at_work = domain->is_wanted = false;
    domain->asked_ms = now_ms;
    if (is_refuted) {
        domain->verdict = VD_PARENT_REFUTED;
    } else if (parent->gone > 0 && parent->gone >= (list->count < 2 ? list->count : 2)) {
        domain->verdict = VD_PARENT_CONFIRMED;
    } else if (domain->verdict != VD_PARENT_REFUTED) {
        domain->verdict = VD_PARENT_SILENT; /* silence takes nothing back */
    }
    return (enum vd_parent_verdict)domain->verdict;
}

/* ---- the judge ----------------------------------------------------------------------------- */

void vd_parent_tell(const struct vd_parent *parent, struct vd_snapshot *snapshot)
{
    for (size_t i = 0; i < VD_PARENTS_MAX; i++) {
        const struct vd_parent_domain *domain = &parent->domains[i];
        snapshot->delegated[i] = domain->verdict == VD_PARENT_REFUTED ? domain->name : NULL;
    }
}

static bool leads_to(const struct vd_snapshot *snapshot, const char *domain)
{
    for (size_t i = 0; i < snapshot->answers_count; i++) {
        if (vd_is_within(vd_snapshot_name(snapshot, &snapshot->answers[i]), domain)) {
            return true;
        }
    }
    for (size_t i = 0; i < snapshot->records_count; i++) {
        const struct vd_record *record = &snapshot->records[i];
        if (record->type == VD_TYPE_CNAME &&
            vd_is_within(vd_snapshot_target(snapshot, record), domain)) {
            return true;
        }
    }
    return false;
}

void vd_parent_see(struct vd_parent *parent, const struct vd_snapshot *snapshot, uint64_t now_ms)
{
    for (size_t i = 0; i < VD_PARENTS_MAX; i++) {
        struct vd_parent_domain *domain = &parent->domains[i];
        if (domain->verdict == VD_PARENT_REFUTED && !is_fresh(domain, now_ms) &&
            leads_to(snapshot, domain->name)) {
            domain->is_wanted = true;
        }
    }
}
