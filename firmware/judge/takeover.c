/*
 * Who could register a name that is gone?
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/takeover.h"

#include "dns/message.h"
#include "dns/records/dmarc.h"
#include "firmware/judge/facts_write.h"

#include <string.h>

/*
 * Second levels by country, beside those that nearly every country has: who asks gets a domain
 * there; behind '!', only schools, offices and the like do.  Those that many mail hosts are below, of
 * the Public Suffix List as of VD_REGISTRIES_DATE (a few are in its private part); which of them are
 * closed, that list does not say: it is our own reading of their names, and errs towards open.
 */
static const char *const countries[] = {
    "ae ! sch",
    "ar int tur ! coop mutual",
    "at or ! gv",
    "au asn id ! conf",
    "az biz info name pp pro",
    "bd info tv ! sch",
    "br adm adv agr am app art blog dev eco eng esp far flog fm fot ia ind inf log med nom ntr pro "
    "psc radio rec rep seg srv tec tmp tur tv vet wiki ! b bib coop def jus leg mp",
    "ci int or ! asso ed go",
    "co nom",
    "cr fi or ! ed go sa",
    "cy biz ltd press pro tm",
    "do art sld web",
    "ec fin info med pro",
    "eg info me name tv",
    "es nom",
    "fr asso nom prd tm",
    "hk idv",
    "hu 2000 info priv shop sport tm",
    "id biz desa my or web ! go ponpes sch",
    "il ! idf k12 muni",
    "in ai biz firm gen ind info io me pro ! nic res",
    "ir id ! sch",
    "jp gr ne or ! ad ed go lg",
    "ke info me mobi ne or ! go sc",
    "kr ai io it me ne or pe re ! es go hs kg ms sc",
    "lk assn grp hotel ltd soc web ! int ngo sch",
    "lv asn id",
    "ly id med plc ! sch",
    "ma press",
    "mu or",
    "my biz name",
    "mz adv",
    "ng i mobi name ! sch",
    "nz geek gen kiwi maori school ! cri govt health iwi parliament",
    "pa abo ing med nom sld",
    "pe nom",
    "ph i ngo",
    "pk biz fam web ! gok gop gos",
    "pl biz info nom waw",
    "pt nome publ ! int",
    "qa name ! sch",
    "ro arts firm info nom nt rec store tm www",
    "rs in",
    "ru msk pp spb",
    "sa med pub ! sch",
    "th in or ! go mi",
    "tn fin ind info",
    "tr av bbs biz dr gen info name tel tv web ! bel k12 kep pol",
    "tt biz info name pro",
    "tw club ebiz game idv",
    "tz hotel info me mobi ne or tv ! go sc",
    "ua biz in kiev kyiv lviv odessa pp",
    "ug ne or ! go sc",
    "uk ltd me plc ! nhs police sch",
    "uy ! gub",
    "ve firm info rec store tec web",
    "vn ai biz health id info io name pro",
    "za law nom web ! nic school",
    "zm biz info ! sch",
};
static const char everywhere[] = "co com net org ! ac edu gob gouv gov mil";

/* Where every second level is one; and where each of one or two letters is, a state's or a
   province's. */
static const char whole_tops[] = "ck er fk jm mm np pg";
static const char regional_tops[] = "ca cn it no ua us";

/* Nobody can buy a domain there: offices' own, and names that no registry has (RFC 6761, 6762, 7686,
   9476), for which some resolvers make up a zone. */
static const char closed_tops[] =
    "alt arpa edu gov int internal invalid local localhost mil onion test";

/* How a second level is given out. */
enum level {
    LEVEL_NONE, /* it is a domain like others */
    LEVEL_OPEN,
    LEVEL_CLOSED
};

static const char *skip_label(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot == NULL ? NULL : dot + 1;
}

/* Is the text one of the words, which have a blank between them?  *is_behind_mark: a "!" stands
   before it. */
static bool has_word(const char *words, const char *text, size_t len, bool *is_behind_mark)
{
    *is_behind_mark = false;
    while (*words != '\0') {
        size_t word_len = strcspn(words, " ");
        if (word_len == len && strncmp(words, text, len) == 0) {
            return true;
        }
        *is_behind_mark |= word_len == 1 && words[0] == '!';
        words += word_len;
        words += *words == ' ';
    }
    return false;
}

static enum level level_of(const char *name)
{
    const char *country = skip_label(name);
    bool is_closed = false;

    if (country == NULL || strlen(country) != 2) {
        return LEVEL_NONE;
    }
    size_t len = (size_t)(country - name) - 1;
    bool is_level = has_word(everywhere, name, len, &is_closed);
    for (size_t i = 0; !is_level && i < sizeof countries / sizeof countries[0]; i++) {
        is_level = strncmp(countries[i], country, 2) == 0 &&
                   has_word(countries[i] + 3, name, len, &is_closed);
    }
    if (!is_level) {
        bool is_beside;
        is_closed = false;
        is_level = has_word(whole_tops, country, 2, &is_beside) ||
                   (len <= 2 && has_word(regional_tops, country, 2, &is_beside));
    }
    return !is_level ? LEVEL_NONE : is_closed ? LEVEL_CLOSED : LEVEL_OPEN;
}

bool vd_is_registry(const char *name)
{
    return skip_label(name) == NULL || level_of(name) != LEVEL_NONE;
}

/* The same for strangers, with the configuration's own words. */
static bool is_open(const struct vd_watch *watch, const char *name)
{
    bool is_behind_mark;

    return level_of(name) == LEVEL_OPEN ||
           has_word(vd_watch_text(watch, watch->registries), name, strlen(name), &is_behind_mark);
}

/*
 * Where the chain ends: the name that is NXDOMAIN, and in *end the answer that says so, whose SOA
 * counts.  NULL: it is not that.
 */
static const char *gone_name(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                             const struct vd_answer **end)
{
    const struct vd_record *hop;
    const char *name;

    if (answer == NULL || answer->presence != VD_ABSENT) {
        return NULL;
    }
    name = vd_snapshot_name(snapshot, answer);
    for (size_t i = 0; (hop = vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, i)) != NULL;
         i++) {
        name = vd_snapshot_target(snapshot, hop);
    }
    for (unsigned hops = 0; hops < VD_CHAIN_MAX && answer->next < snapshot->answers_count; hops++) {
        answer = &snapshot->answers[answer->next];
    }
    *end = answer;
    return answer->detail == VD_DETAIL_NXDOMAIN || answer->rcode == VD_RCODE_NXDOMAIN ? name : NULL;
}

/* The name so many labels up; NULL: there are not so many. */
static const char *name_above(const char *name, unsigned up)
{
    while (name != NULL && up > 0) {
        name = skip_label(name);
        up--;
    }
    return name;
}

/* psd=y at _dmarc.<owner> (RFC 9989, section 4.7): its owner says that others register below it. */
static enum vd_takeover ask_psd(const struct vd_reading *at, const char *owner)
{
    char name[VD_OWNER_TEXT_MAX];
    const struct vd_record *record;
    struct vd_dmarc dmarc;
    const struct vd_answer *answer =
        vd_reading_find(at, vd_owner_text(name, "_dmarc.", "", owner), VD_TYPE_TXT, VD_WANT_OTHER);

    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        return VD_TAKEOVER_UNKNOWN;
    }
    for (size_t i = 0; (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span text = vd_snapshot_span(at->snapshot, record);
        if (vd_dmarc_parse(text.bytes, text.len, &dmarc) == VD_OK && dmarc.psd == 'y') {
            return VD_TAKEOVER_YES;
        }
    }
    return VD_TAKEOVER_NO;
}

/* Do strangers register below the SOA's owner? */
static enum vd_takeover judge_owner(const struct vd_reading *at, const char *owner)
{
    bool is_behind_mark;
    enum level level = level_of(owner);

    if (skip_label(owner) == NULL) {
        return has_word(closed_tops, owner, strlen(owner), &is_behind_mark) ? VD_TAKEOVER_NO
                                                                            : VD_TAKEOVER_YES;
    }
    if (is_open(at->watch, owner)) {
        return VD_TAKEOVER_YES;
    }
    if (level == LEVEL_CLOSED || vd_is_within(owner, at->watch->domain) ||
        strlen(owner) + sizeof "_dmarc." > VD_DOMAIN_TEXT_MAX) {
        return VD_TAKEOVER_NO;
    }
    return ask_psd(at, owner);
}

/* Its registry says that it is there. */
static bool is_delegated(const struct vd_snapshot *snapshot, const char *domain)
{
    for (size_t i = 0; i < VD_PARENTS_MAX; i++) {
        if (snapshot->delegated[i] != NULL && strcmp(snapshot->delegated[i], domain) == 0) {
            return true;
        }
    }
    return false;
}

enum vd_takeover vd_takeover_of(const struct vd_reading *at, const struct vd_answer *answer,
                                char *zone)
{
    const struct vd_answer *end;
    const char *name = gone_name(at->snapshot, answer, &end);

    if (zone != NULL) {
        zone[0] = '\0';
    }
    if (name == NULL || !end->has_soa || end->soa_up == 0) {
        return VD_TAKEOVER_NO;
    }
    unsigned up = end->soa_up;
    const char *owner = name_above(name, up);
    if (owner == NULL || owner[0] == '\0') {
        return VD_TAKEOVER_NO; /* the root's: top levels cannot be bought */
    }
    for (unsigned lower = up - 1u; lower > 0; lower--) {
        if (is_open(at->watch, name_above(name, lower))) {
            up = lower; /* co.jp is no zone of its own: "no such name" comes from jp */
        }
    }
    owner = name_above(name, up);
    const char *domain = name_above(name, up - 1u);
    if (level_of(domain) != LEVEL_NONE) {
        return VD_TAKEOVER_NO; /* go.jp and what is below it: no zone of its own either */
    }
    if (is_delegated(at->snapshot, domain)) {
        return VD_TAKEOVER_NO;
    }
    enum vd_takeover takeover = judge_owner(at, owner);
    if (takeover == VD_TAKEOVER_YES && zone != NULL && strlen(domain) < VD_DOMAIN_TEXT_MAX) {
        strcpy(zone, domain);
    }
    return takeover;
}
