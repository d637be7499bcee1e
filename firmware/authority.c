/*
 * Find a zone's name servers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/authority.h"

#include <string.h>

#define AUTHORITY_PORT 53u

/* Servers of a zone whose addresses are looked up. */
#define HOSTS_MAX 8u

void vd_authority_ask(struct vd_survey *survey, const char *domain)
{
    (void)vd_survey_want(survey, domain, VD_TYPE_SOA, VD_ASK_OWN);
    (void)vd_survey_want(survey, domain, VD_TYPE_NS, VD_ASK_OWN);
}

/* The apex of the zone that a domain is in: a tail of its text.  NULL: not known, or the root. */
static const char *zone_of(const struct vd_snapshot *snapshot, const char *domain)
{
    const struct vd_answer *soa = vd_snapshot_find(snapshot, domain, VD_TYPE_SOA);

    if (soa == NULL || !soa->is_done || !soa->has_soa || soa->presence == VD_UNKNOWN) {
        return NULL;
    }
    for (unsigned up = 0; up < soa->soa_up; up++) {
        domain = strchr(domain, '.');
        if (domain == NULL) {
            return NULL;
        }
        domain++;
    }
    return domain;
}

/* The index-th server of the zone, or NULL. */
static const char *server_of(const struct vd_snapshot *snapshot, const char *zone, size_t index)
{
    const struct vd_answer *ns = vd_snapshot_find(snapshot, zone, VD_TYPE_NS);

    if (ns == NULL || ns->presence != VD_PRESENT || index >= HOSTS_MAX) {
        return NULL;
    }
    const struct vd_record *record = vd_snapshot_record(snapshot, ns, VD_TYPE_NS, index);
    return record == NULL ? NULL : vd_snapshot_target(snapshot, record);
}

bool vd_authority_go_on(struct vd_survey *survey, const char *domain)
{
    char host[VD_NAME_TEXT_MAX];
    uint16_t before = survey->snapshot.answers_count;
    const char *zone = zone_of(&survey->snapshot, domain);
    const char *server;

    if (zone == NULL) {
        return false;
    }
    (void)vd_survey_want(survey, zone, VD_TYPE_NS, VD_ASK_OWN);
    for (size_t i = 0; (server = server_of(&survey->snapshot, zone, i)) != NULL; i++) {
        size_t len = strlen(server);
        if (len >= sizeof(host)) {
            continue;
        }
        memcpy(host, server, len + 1); /* the snapshot's bytes grow while it is used */
        (void)vd_survey_want(survey, host, VD_TYPE_A, VD_ASK_OWN);
        (void)vd_survey_want(survey, host, VD_TYPE_AAAA, VD_ASK_OWN);
    }
    return survey->snapshot.answers_count > before;
}

/* The index-th address of a host.  false: it has no so many. */
static bool address_of(const struct vd_snapshot *snapshot, const char *host, uint16_t type,
                       size_t index, struct vd_endpoint *at)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, host, type);
    const struct vd_record *record =
        answer == NULL ? NULL : vd_snapshot_record(snapshot, answer, type, index);

    if (record == NULL) {
        return false;
    }
    memset(at, 0, sizeof(*at));
    at->port = AUTHORITY_PORT;
    at->family = type == VD_TYPE_A ? VD_FAMILY_IP4 : VD_FAMILY_IP6;
    memcpy(at->addr, vd_snapshot_span(snapshot, record).bytes, record->len);
    return true;
}

static void add(struct vd_authorities *list, const struct vd_endpoint *at)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (vd_endpoint_is_equal(&list->at[i], at)) {
            return;
        }
    }
    if (list->count < VD_AUTHORITIES_MAX) {
        list->at[list->count++] = *at;
    }
}

/* Is it one of the addresses that were found? */
static bool is_found(const struct vd_snapshot *snapshot, const char *zone,
                     const struct vd_endpoint *at)
{
    uint16_t type = at->family == VD_FAMILY_IP4 ? VD_TYPE_A : VD_TYPE_AAAA;
    struct vd_endpoint found;
    const char *host;

    for (size_t i = 0; (host = server_of(snapshot, zone, i)) != NULL; i++) {
        for (size_t n = 0; address_of(snapshot, host, type, n, &found); n++) {
            if (vd_endpoint_is_equal(&found, at)) {
                return true;
            }
        }
    }
    return false;
}

/* One address of each server, IPv4 before IPv6, then what else IPv4 has. */
static void add_all(const struct vd_snapshot *snapshot, const char *zone,
                    struct vd_authorities *list)
{
    static const uint16_t types[] = {VD_TYPE_A, VD_TYPE_AAAA};
    struct vd_endpoint at;
    const char *host;

    for (size_t type = 0; type < 2; type++) {
        for (size_t i = 0; (host = server_of(snapshot, zone, i)) != NULL; i++) {
            if (address_of(snapshot, host, types[type], 0, &at)) {
                add(list, &at);
            }
        }
    }
    for (size_t i = 0; (host = server_of(snapshot, zone, i)) != NULL; i++) {
        for (size_t n = 1; address_of(snapshot, host, VD_TYPE_A, n, &at); n++) {
            add(list, &at);
        }
    }
}

/* What the survey found; addresses that were known keep their places, because answers come in any
   order, and of many addresses others would be taken each time. */
static void gather(const struct vd_snapshot *snapshot, const char *zone,
                   const struct vd_endpoint *known, unsigned known_count,
                   struct vd_authorities *out)
{
    for (unsigned i = 0; i < known_count; i++) {
        if (is_found(snapshot, zone, &known[i])) {
            add(out, &known[i]);
        }
    }
    add_all(snapshot, zone, out);
}

/* Did the source before name the same list? */
static bool is_said(const struct vd_snapshot *snapshot, const char *zone, uint8_t zone_at,
                    const struct vd_authorities *list)
{
    struct vd_authorities again = {.count = 0};

    gather(snapshot, zone, list->said, list->said_count, &again);
    return zone_at == list->said_zone_at && again.count == list->said_count &&
           memcmp(again.at, list->said, sizeof(again.at)) == 0;
}

static void set(struct vd_authorities *list, uint8_t zone_at, uint8_t count,
                const struct vd_endpoint *at)
{
    list->zone_at = zone_at;
    list->count = count;
    list->turn = 0;
    list->said_by = 0;
    memset(list->at, 0, sizeof(list->at));
    memcpy(list->at, at, count * sizeof(at[0]));
}

enum vd_authority_turn vd_authority_take(const struct vd_snapshot *snapshot, const char *domain,
                                         uint8_t source, bool is_single,
                                         struct vd_authorities *list, uint64_t now_ms)
{
    struct vd_authorities found = {.count = 0};
    const char *zone = zone_of(snapshot, domain);

    list->found_ms = now_ms;
    if (zone == NULL) {
        list->said_by = 0;
        return VD_AUTHORITY_KEPT;
    }
    uint8_t zone_at = (uint8_t)(zone - domain);
    gather(snapshot, zone, list->at, list->count, &found);
    bool is_same = found.count >= list->count && list->count > 0 && zone_at == list->zone_at &&
                   memcmp(found.at, list->at, list->count * sizeof(list->at[0])) == 0;
    if (found.count == 0 || is_same) {
        if (is_same) { /* more addresses than before are welcome */
            list->count = found.count;
            memcpy(list->at, found.at, sizeof(found.at));
        }
        list->said_by = 0;
        return VD_AUTHORITY_KEPT;
    }
    bool is_second = list->said_by != 0 && list->said_by != source + 1u;
    if (is_single || (is_second && is_said(snapshot, zone, zone_at, list))) {
        set(list, zone_at, found.count, found.at);
        return VD_AUTHORITY_CHANGED;
    }
    if (is_second) {
        set(list, zone_at, 0, found.at);
        return VD_AUTHORITY_CHANGED;
    }
    list->said_by = (uint8_t)(source + 1u);
    list->said_zone_at = zone_at;
    list->said_count = found.count;
    memcpy(list->said, found.at, sizeof(found.at));
    return VD_AUTHORITY_DOUBTED;
}
