/*
 * NS, DS and AD: facts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"

#include <string.h>

/* ---- NS ------------------------------------------------------------------------------------ */

/* Longest list that is kept to be shown. */
#define NS_TEXT_KEPT 400u

static void keep(uint32_t *list, size_t max, uint32_t value)
{
    size_t i = 0;

    while (i < max && list[i] != 0 && list[i] != value) {
        i++;
    }
    if (i < max) {
        list[i] = value;
    }
}

static uint32_t hash_name(const char *host)
{
    uint32_t hash = vd_hash(VD_HASH_START, (const uint8_t *)host, strlen(host));

    return hash == 0 ? 1 : hash;
}

void vd_facts_read_ns(const struct vd_reading *at)
{
    struct vd_ns_facts *ns = &at->out->ns;
    const struct vd_answer *answer =
        vd_reading_find(at, at->watch->domain, VD_TYPE_NS, VD_WANT_OWN);
    const struct vd_record *record = NULL;

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        ns->detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    ns->standing = VD_STANDING_ABSENT; /* no zone of its own */
    ns->detail = answer->detail;
    while (answer->presence == VD_PRESENT &&
           (record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        uint32_t hash = hash_name(host);
        if (vd_facts_list(at->out, &ns->text, NS_TEXT_KEPT)) {
            vd_facts_write(at->out, &ns->text, "%s", host);
        }
        ns->standing = VD_STANDING_OK;
        ns->count = (uint8_t)(ns->count < UINT8_MAX ? ns->count + 1 : UINT8_MAX);
        ns->hosts += hash;
        keep(ns->names, VD_NS_NAMES_MAX, hash);
        keep(ns->operators, VD_NS_OPERATORS_MAX, vd_operator_of(host, at->watch->domain));
    }
}

/* ---- DS and AD ----------------------------------------------------------------------------- */

/* Key tag and algorithm come first (RFC 4034, section 5.1). */
#define DS_FRONT_LEN 4u

static void take_ds(const struct vd_reading *at, const struct vd_answer *answer)
{
    struct vd_ds_facts *ds = &at->out->ds;
    const struct vd_record *record;

    for (size_t i = 0; (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_DS, i)) != NULL;
         i++) {
        struct vd_span rdata = vd_snapshot_span(at->snapshot, record);
        if (rdata.len < DS_FRONT_LEN) {
            continue;
        }
        ds->set += vd_hash(VD_HASH_START, rdata.bytes, rdata.len);
        vd_facts_write(at->out, &ds->text, "%skey tag %u, algorithm %u",
                       ds->standing == VD_STANDING_OK ? "; " : "",
                       (unsigned)(rdata.bytes[0] << 8 | rdata.bytes[1]), (unsigned)rdata.bytes[2]);
        ds->standing = VD_STANDING_OK;
    }
}

/* Who gave this answer of the domain's own, plus one; 0: none whose AD means something at present. */
static uint8_t validator_of(const struct vd_reading *at, const struct vd_answer *answer)
{
    bool is_own = answer != NULL && answer->presence == VD_PRESENT &&
                  answer->next == VD_ANSWER_NONE && answer->server < 16;

    return is_own && (at->snapshot->ad_servers & 1u << answer->server) != 0
               ? (uint8_t)(answer->server + 1)
               : 0;
}

/*
 * Did a resolver validate the domain's own answers (RFC 6840, section 5.8), all that it gave?  The
 * one of the baseline, if it gave any: no other is compared with it.
 */
static void read_ad(const struct vd_reading *at)
{
    static const uint16_t types[] = {VD_TYPE_NS, VD_TYPE_TXT, VD_TYPE_MX};
    const struct vd_answer *answers[sizeof types / sizeof types[0]];
    struct vd_ds_facts *ds = &at->out->ds;
    uint8_t was = at->was->ds.ad_server;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        answers[i] = vd_reading_find(at, at->watch->domain, types[i], VD_WANT_OWN);
        uint8_t server = validator_of(at, answers[i]);
        ds->ad_server =
            ds->ad_server == 0 || (server != 0 && server == was) ? server : ds->ad_server;
    }
    if (ds->ad_server == 0 || (was != 0 && ds->ad_server != was)) {
        ds->unknown |= VD_FACET_BIT(VD_FACET_DS_AD);
        return;
    }
    ds->is_ad = 1;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (validator_of(at, answers[i]) == ds->ad_server) {
            ds->is_ad &= answers[i]->is_ad;
        }
    }
}

void vd_facts_read_ds(const struct vd_reading *at)
{
    struct vd_ds_facts *ds = &at->out->ds;
    const struct vd_answer *answer =
        vd_reading_find(at, at->watch->domain, VD_TYPE_DS, VD_WANT_OWN);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        ds->detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    ds->standing = VD_STANDING_ABSENT;
    ds->detail = answer->detail;
    if (answer->presence == VD_PRESENT) {
        take_ds(at, answer);
    } else if (answer->has_soa && answer->soa_up == 0) {
        /* The zone itself says so, and DS is not its own (RFC 4035, section 3.1.4.1): its parent
           has to be asked. */
        ds->unknown = VD_FACET_BIT(VD_FACET_DS_RECORD);
    }
    read_ad(at);
}
