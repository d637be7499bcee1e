/*
 * Report addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/dmarc_reports.h"

#include "dns/name.h"
#include "dns/records/dmarc.h"
#include "dns/records/uri.h"
#include "firmware/judge/facts_write.h"
#include "firmware/judge/takeover.h"

#include <string.h>

/* A host as the snapshot writes names.  false: it is no name that could be asked for. */
static bool read_host(struct vd_span host, char out[VD_DOMAIN_TEXT_MAX])
{
    struct vd_name wire;
    size_t len = host.len > 0 && host.bytes[host.len - 1] == '.' ? host.len - 1 : host.len;

    out[0] = '\0';
    if (len == 0 || len >= VD_DOMAIN_TEXT_MAX || host.bytes[0] == '[') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (char)vd_ascii_lower(host.bytes[i]);
    }
    out[len] = '\0';
    return vd_name_from_text(out, &wire) == VD_OK;
}

/* The next mail address of a list.  false: there are no more. */
static bool next_mailbox(struct vd_span *list, struct vd_uri *out)
{
    enum vd_status status;

    while ((status = vd_uri_next(list, out)) != VD_OTHER) {
        if (status == VD_OK && out->is_mailto) {
            return true;
        }
    }
    return false;
}

static bool is_ours(const struct vd_report_home *home, const char *host)
{
    return vd_is_within(host, home->domain) || vd_is_within(host, home->org) ||
           vd_is_within(host, home->list_org);
}

bool vd_report_is_expected(struct vd_span text, const char *host)
{
    struct vd_dmarc dmarc;
    struct vd_uri uri;
    char other[VD_DOMAIN_TEXT_MAX];

    if (vd_dmarc_parse(text.bytes, text.len, &dmarc) != VD_OK ||
        (dmarc.lints & VD_DMARC_LINT_NO_VALUE) != 0) {
        return false;
    }
    while (next_mailbox(&dmarc.rua, &uri)) {
        if (!read_host(uri.host, other) || strcmp(other, host) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- does the third party expect them? ------------------------------------------------------ */

static enum vd_report_state ask_leave(const struct vd_reading *at,
                                      const struct vd_report_home *home, const char *host)
{
    static const char middle[] = "._report._dmarc.";
    char name[VD_OWNER_TEXT_MAX];
    const struct vd_record *record;

    if (strlen(home->domain) + sizeof middle - 1 + strlen(host) >= VD_DOMAIN_TEXT_MAX) {
        return VD_REPORT_REFUSED; /* no such name can be */
    }
    const struct vd_answer *answer = vd_reading_find(
        at, vd_owner_text(name, home->domain, middle, host), VD_TYPE_TXT, VD_WANT_OTHER);
    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        return VD_REPORT_OPEN;
    }
    for (size_t i = 0; (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        if (vd_report_is_expected(vd_snapshot_span(at->snapshot, record), host)) {
            return VD_REPORT_FINE;
        }
    }
    return VD_REPORT_REFUSED;
}

/* ---- does the host take mail? --------------------------------------------------------------- */

static enum vd_report_state ask_addresses(const struct vd_reading *at, const char *host)
{
    const struct vd_answer *a = vd_reading_find(at, host, VD_TYPE_A, VD_WANT_OTHER);
    const struct vd_answer *aaaa = vd_reading_find(at, host, VD_TYPE_AAAA, VD_WANT_OTHER);

    if ((a != NULL && a->presence == VD_PRESENT) ||
        (aaaa != NULL && aaaa->presence == VD_PRESENT)) {
        return VD_REPORT_FINE;
    }
    return a != NULL && aaaa != NULL && a->presence == VD_ABSENT && aaaa->presence == VD_ABSENT
               ? VD_REPORT_DEAD
               : VD_REPORT_OPEN;
}

/* MX, else addresses (RFC 5321, section 5.1); a null MX takes none (RFC 7505). */
static enum vd_report_state ask_host(const struct vd_reading *at, const char *host,
                                     bool *is_unregistered)
{
    const struct vd_answer *mx = vd_reading_find(at, host, VD_TYPE_MX, VD_WANT_OTHER);
    const struct vd_record *record;

    if (mx == NULL || mx->presence == VD_UNKNOWN) {
        return VD_REPORT_OPEN;
    }
    for (size_t i = 0; (record = vd_snapshot_record(at->snapshot, mx, VD_TYPE_MX, i)) != NULL;
         i++) {
        if (strcmp(vd_snapshot_target(at->snapshot, record), ".") != 0) {
            return VD_REPORT_FINE;
        }
    }
    *is_unregistered = vd_takeover_of(at, mx, NULL) == VD_TAKEOVER_YES;
    if (mx->presence == VD_PRESENT || mx->detail == VD_DETAIL_NXDOMAIN) {
        return VD_REPORT_DEAD;
    }
    return ask_addresses(at, host);
}

/* Whether the watched domain itself takes mail is for the verdict on its MX. */
static enum vd_report_state look_at(const struct vd_reading *at, const struct vd_report_home *home,
                                    const char *host, bool *is_unregistered)
{
    if (strcmp(host, at->watch->domain) == 0) {
        return VD_REPORT_FINE;
    }
    enum vd_report_state leave = is_ours(home, host) ? VD_REPORT_FINE : ask_leave(at, home, host);
    enum vd_report_state mail = ask_host(at, host, is_unregistered);

    return mail == VD_REPORT_FINE ? leave : mail;
}

bool vd_reports_is_lost(const uint16_t lost[VD_REPORT_ADDRESSES_MAX], uint16_t hash)
{
    for (size_t i = 0; i < VD_REPORT_ADDRESSES_MAX; i++) {
        if (lost[i] == hash) {
            return true;
        }
    }
    return false;
}

/* Smallest last, so that the order in rua= does not matter; those that are not used are 0. */
static void add_lost(uint16_t lost[VD_REPORT_ADDRESSES_MAX], uint16_t hash)
{
    for (size_t i = 0; i < VD_REPORT_ADDRESSES_MAX; i++) {
        if (lost[i] < hash) {
            uint16_t smaller = lost[i];
            lost[i] = hash;
            hash = smaller;
        }
    }
}

void vd_reports_look(const struct vd_reading *at, const struct vd_report_home *home,
                     struct vd_span list, struct vd_reports *out)
{
    const uint16_t *known = at->was->dmarc.rua_lost;
    struct vd_uri uri;
    char host[VD_DOMAIN_TEXT_MAX];
    bool is_news = false;

    *out = (struct vd_reports){.state = VD_REPORT_OPEN};
    for (unsigned i = 0; i < VD_REPORT_ADDRESSES_MAX && next_mailbox(&list, &uri); i++) {
        bool is_unregistered = false;
        enum vd_report_state state =
            read_host(uri.host, host) ? look_at(at, home, host, &is_unregistered) : VD_REPORT_DEAD;
        uint16_t hash = (uint16_t)(vd_uri_hash(&uri) | 1u); /* 0 is none */
        out->counts[state]++;
        if (state != VD_REPORT_DEAD && state != VD_REPORT_REFUSED) {
            continue;
        }
        add_lost(out->lost, hash);
        if (out->state == VD_REPORT_OPEN || (!is_news && !vd_reports_is_lost(known, hash))) {
            is_news = !vd_reports_is_lost(known, hash);
            out->state = (uint8_t)state;
            out->is_unregistered = is_unregistered;
            memcpy(out->host, host, sizeof host);
        }
    }
}

uint8_t vd_reports_worth(const struct vd_reports *reports)
{
    if (reports->state == VD_REPORT_OPEN) {
        return reports->counts[VD_REPORT_FINE] > 0 ? VD_RUA_OK : VD_RUA_NONE;
    }
    if (reports->counts[VD_REPORT_FINE] > 0) {
        return VD_RUA_SOME;
    }
    return reports->counts[VD_REPORT_REFUSED] > 0 ? VD_RUA_UNAUTHORISED : VD_RUA_DEAD;
}

bool vd_reports_is_foreign(const struct vd_report_home *home, struct vd_span list)
{
    struct vd_uri uri;
    char host[VD_DOMAIN_TEXT_MAX];

    while (next_mailbox(&list, &uri)) {
        if (!read_host(uri.host, host) || !is_ours(home, host)) {
            return true;
        }
    }
    return false;
}
