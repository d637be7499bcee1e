/*
 * Slips in where it was typed: the names at which a record stands that belongs elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facts_write.h"
#include "firmware/judge/slips.h"
#include "firmware/providers.h"
#include "report/text.h"

#include <string.h>

/*
 * Where to look.  In a pattern $s is the selector, $d the domain, $z the zone above it that a DNS
 * host may append instead, $m the MAIL FROM subdomain.  The first one that is found is told.
 */
static const struct place {
    uint8_t kind;
    uint8_t slip;
    const char *pattern;
} places[] = {
    {VD_SUBJECT_DKIM, VD_SLIP_DOUBLED, "$s._domainkey.$d.$d"},
    {VD_SUBJECT_DKIM, VD_SLIP_DOUBLED, "$s._domainkey.$d.$z"},
    {VD_SUBJECT_DKIM, VD_SLIP_WWW, "$s._domainkey.www.$d"},
    {VD_SUBJECT_DKIM, VD_SLIP_UNDERSCORE, "$s.domainkey.$d"},
    {VD_SUBJECT_DKIM, VD_SLIP_LABEL_TWICE, "$s._domainkey._domainkey.$d"},
    {VD_SUBJECT_DKIM, VD_SLIP_NO_MIDDLE, "$s.$d"},
    {VD_SUBJECT_DKIM, VD_SLIP_NO_LABEL, "$d"},
    {VD_SUBJECT_DMARC, VD_SLIP_DOUBLED, "_dmarc.$d.$d"},
    {VD_SUBJECT_DMARC, VD_SLIP_DOUBLED, "_dmarc.$d.$z"},
    {VD_SUBJECT_DMARC, VD_SLIP_LABEL_TWICE, "_dmarc._dmarc.$d"},
    {VD_SUBJECT_DMARC, VD_SLIP_NO_LABEL, "$d"},
    {VD_SUBJECT_DMARC, VD_SLIP_UNDERSCORE, "dmarc.$d"},
    {VD_SUBJECT_DMARC, VD_SLIP_WWW, "_dmarc.www.$d"},
    {VD_SUBJECT_SPF, VD_SLIP_DOUBLED, "$d.$d"},
    {VD_SUBJECT_SPF, VD_SLIP_DOUBLED, "$d.$z"},
    {VD_SUBJECT_SPF, VD_SLIP_OWN_NAME, "spf.$d"},
    {VD_SUBJECT_SPF, VD_SLIP_OWN_NAME, "_spf.$d"},
    {VD_SUBJECT_SPF, VD_SLIP_WWW, "www.$d"},
    {VD_SUBJECT_MX, VD_SLIP_DOUBLED, "$d.$d"},
    {VD_SUBJECT_MX, VD_SLIP_DOUBLED, "$d.$z"},
    {VD_SUBJECT_MX, VD_SLIP_WWW, "www.$d"},
    {VD_SUBJECT_MAIL_FROM, VD_SLIP_DOUBLED, "$m.$d"},
    {VD_SUBJECT_MTA_STS, VD_SLIP_DOUBLED, "_mta-sts.$d.$d"},
    {VD_SUBJECT_MTA_STS, VD_SLIP_UNDERSCORE, "mta-sts.$d"},
    {VD_SUBJECT_TLS_RPT, VD_SLIP_DOUBLED, "_smtp._tls.$d.$d"},
    {VD_SUBJECT_TLS_RPT, VD_SLIP_UNDERSCORE, "smtp._tls.$d"},
    {VD_SUBJECT_TLS_RPT, VD_SLIP_UNDERSCORE, "_smtp.tls.$d"},
};

/* Suffixes of a service that are tried for an alias and a target that were swapped. */
#define SUFFIXES_MAX 2u

/* One look. */
struct look {
    const struct vd_reading *at;
    uint8_t kind;
    uint8_t index;
    bool is_open;
    enum vd_slip slip;         /* the first one found */
    struct vd_text_ref *where; /* and its name */
};

/* The zone above the domain, if it can be one; "" else. */
static const char *zone_above(const char *domain)
{
    const char *dot = strchr(domain, '.');

    return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : "";
}

static const char *word_of(const struct look *look, char letter)
{
    const struct vd_watch *watch = look->at->watch;

    switch (letter) {
    case 's':
        return look->index < VD_SELECTORS_MAX ? watch->selectors[look->index] : "";
    case 'z':
        return zone_above(watch->domain);
    case 'm':
        return vd_watch_text(watch, watch->mail_from);
    default:
        return watch->domain;
    }
}

/* false: there is no such name. */
static bool write_name(const struct look *look, const char *pattern, char out[VD_OWNER_TEXT_MAX])
{
    struct vd_text_writer w;

    vd_text_start(&w, out, VD_OWNER_TEXT_MAX);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '$') {
            const char *word = word_of(look, *++pattern);
            if (word[0] == '\0') {
                return false;
            }
            vd_text_put(&w, word);
        } else {
            vd_text_put_char(&w, *pattern);
        }
    }
    return !w.is_cut && w.len < VD_DOMAIN_TEXT_MAX;
}

static void note(struct look *look, enum vd_slip slip, const char *name)
{
    if (look->slip == VD_SLIP_NONE) {
        look->slip = slip;
        vd_facts_write(look->at->out, look->where, "%s", name);
    }
}

/* The answer if it is known; a look with one that is not stays open. */
static const struct vd_answer *ask(struct look *look, const char *name, uint16_t type)
{
    const struct vd_answer *answer = vd_reading_find(look->at, name, type, VD_WANT_OTHER);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        look->is_open = true;
        return NULL;
    }
    return answer;
}

/* The selector's own name. */
static const char *own_name(const struct look *look, char out[VD_OWNER_TEXT_MAX])
{
    const struct vd_watch *watch = look->at->watch;

    return vd_owner_text(out, watch->selectors[look->index], "._domainkey.", watch->domain);
}

/* The first hop of an answer; NULL: none. */
static const char *alias_of(const struct look *look, const struct vd_answer *answer)
{
    const struct vd_record *hop =
        answer == NULL ? NULL : vd_snapshot_record(look->at->snapshot, answer, VD_TYPE_CNAME, 0);

    return hop == NULL ? NULL : vd_snapshot_target(look->at->snapshot, hop);
}

/* Does an alias there lead where the selector's own is to lead? */
static bool is_its_alias(const struct look *look, const struct vd_answer *answer)
{
    char name[VD_OWNER_TEXT_MAX];
    const struct vd_dkim_facts *was = &look->at->was->dkim[look->index];
    const char *target = alias_of(look, answer);
    const char *wild;

    if (look->kind != VD_SUBJECT_DKIM || target == NULL) {
        return false;
    }
    wild = alias_of(look, vd_snapshot_find(look->at->snapshot, own_name(look, name), VD_TYPE_TXT));
    if (wild != NULL && strcmp(wild, target) == 0) {
        return false; /* a wildcard: it answers at the right name too */
    }
    return vd_slip_of_target(target, look->at->watch->domain) == VD_SLIP_NO_DOT ||
           vd_provider_of_target(look->at->watch, target) != NULL ||
           (was->is_alias && strcmp(target, vd_facts_text(look->at->was, was->text)) == 0);
}

/* Does such a record stand there? */
static bool has_record(const struct look *look, const struct vd_answer *answer)
{
    const struct vd_snapshot *snapshot = look->at->snapshot;
    const struct vd_record *record;

    if (look->kind == VD_SUBJECT_MX) {
        return answer->presence == VD_PRESENT;
    }
    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        if (vd_slip_is_meant(vd_snapshot_span(snapshot, record), look->kind)) {
            return true;
        }
    }
    return is_its_alias(look, answer);
}

/* The alias was typed as the target: what stands at "<old target>.<domain>" leads to our name. */
static void look_for_old_target(struct look *look, const char *owner)
{
    const struct vd_reading *at = look->at;
    const struct vd_dkim_facts *was = &at->was->dkim[look->index];
    char name[VD_OWNER_TEXT_MAX];

    if (!was->is_alias || was->text.len == 0 ||
        was->text.len + strlen(at->watch->domain) + 2 > sizeof name) {
        return;
    }
    const struct vd_answer *answer =
        ask(look, vd_owner_text(name, vd_facts_text(at->was, was->text), ".", at->watch->domain),
            VD_TYPE_TXT);
    const char *target = alias_of(look, answer);
    if (target != NULL && strcmp(target, owner) == 0) {
        note(look, VD_SLIP_SWAPPED, name);
    }
}

/* The service whose keys the selector's group expects; NULL: none was named. */
static const struct vd_provider *provider_of(const struct look *look)
{
    const struct vd_watch *watch = look->at->watch;

    for (uint8_t i = 0; i < watch->groups_count && i < VD_DKIM_GROUPS_MAX; i++) {
        const struct vd_dkim_group *group = &watch->groups[i];
        if ((group->members >> look->index & 1u) != 0 && group->provider > 0) {
            return vd_provider_at(watch, group->provider - 1u);
        }
    }
    return NULL;
}

/*
 * The same at first contact, when nobody knows the target, only whose it is: "<suffix>.<domain>" is
 * there, without a record of its own, only because something stands below it.  Worth something only
 * where a name that nobody made is NXDOMAIN (no wildcard; RFC 9824 has none at all).
 */
static void look_below_suffixes(struct look *look)
{
    const struct vd_reading *at = look->at;
    const struct vd_provider *provider = provider_of(look);
    const char *list = provider == NULL ? "" : provider->targets;
    char name[VD_OWNER_TEXT_MAX];
    char word[VD_OWNER_TEXT_MAX];
    size_t len;

    if (!write_name(look, "$s.$d", name)) {
        return;
    }
    const struct vd_answer *nobody = ask(look, name, VD_TYPE_TXT);
    bool has_nxdomain =
        nobody != NULL && nobody->presence == VD_ABSENT && nobody->detail == VD_DETAIL_NXDOMAIN;
    for (size_t i = 0; i < SUFFIXES_MAX && *list != '\0'; i++, list += len + (list[len] == ' ')) {
        len = strcspn(list, " ");
        if (memchr(list, '*', len) != NULL || len + 1 > sizeof word) {
            continue;
        }
        memcpy(word, list, len);
        word[len] = '\0';
        const struct vd_answer *answer =
            ask(look, vd_owner_text(name, word, ".", at->watch->domain), VD_TYPE_TXT);
        if (has_nxdomain && answer != NULL && answer->presence == VD_ABSENT &&
            answer->detail == VD_DETAIL_NODATA) {
            note(look, VD_SLIP_SWAPPED, name);
        }
    }
}

enum vd_slip vd_slip_look(const struct vd_reading *at, uint8_t kind, uint8_t index,
                          struct vd_text_ref *where, bool *is_open)
{
    struct look look = {.at = at, .kind = kind, .index = index, .where = where};
    char name[VD_OWNER_TEXT_MAX];

    /* All are asked at once, whatever is found. */
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].kind != kind || !write_name(&look, places[i].pattern, name)) {
            continue;
        }
        const struct vd_answer *answer =
            ask(&look, name, kind == VD_SUBJECT_MX ? VD_TYPE_MX : VD_TYPE_TXT);
        if (answer != NULL && has_record(&look, answer)) {
            note(&look, (enum vd_slip)places[i].slip, name);
        }
    }
    if (kind == VD_SUBJECT_DKIM && index < VD_SELECTORS_MAX) {
        look_for_old_target(&look, own_name(&look, name));
        look_below_suffixes(&look);
    }
    *is_open = look.is_open && look.slip == VD_SLIP_NONE;
    return look.slip;
}
