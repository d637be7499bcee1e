/*
 * The configuration: times and floors of a watch, and what its keys come to together.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/judge/facts.h"

#include <string.h>

#define INTERVAL_DEFAULT_MS     (15u * VD_MINUTE_MS)
#define INTERVAL_MAX_DAYS       7u
#define CONFIRM_WAIT_DEFAULT_MS (5u * VD_MINUTE_MS)
#define CONFIRM_WAIT_MAX_DAYS   1u
#define PENDING_DEFAULT_MS      (48u * VD_HOUR_MS)
#define PENDING_MAX_DAYS        7u

void vd_config_watch_start(const struct vd_config *config, struct vd_watch *watch)
{
    memset(watch, 0, sizeof *watch);
    watch->interval_ms = INTERVAL_DEFAULT_MS;
    watch->confirm_wait_ms = CONFIRM_WAIT_DEFAULT_MS;
    watch->pending_ms = PENDING_DEFAULT_MS;
    watch->channel = VD_CHANNEL_UNSET;
    watch->dmarc_floor = VD_FLOOR_NONE;
    watch->spf_floor = VD_FLOOR_NONE;
    watch->spf_wide4 = 16;
    watch->spf_wide6 = 32;
    watch->spf_vast4 = 8;
    watch->spf_vast6 = 16;
    watch->spf_growth = 65536;
    watch->own_providers = config->providers;
    watch->own_providers_count = (uint8_t)config->providers_count;
    watch->text_len = 1; /* text[0] is NUL: offset 0 is "" */
}

/* ---- times ------------------------------------------------------------------------------- */

void vd_config_read_interval(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, INTERVAL_MAX_DAYS, &reader->watch->interval_ms);
}

void vd_config_read_confirm_wait(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, CONFIRM_WAIT_MAX_DAYS, &reader->watch->confirm_wait_ms);
}

void vd_config_read_pending(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, PENDING_MAX_DAYS, &reader->watch->pending_ms);
}

/* ---- thresholds of SPF's networks --------------------------------------------------------- */

void vd_config_read_wide4(struct vd_config_reader *reader, const char *value)
{
    vd_config_octet(reader, value, 0, 32, &reader->watch->spf_wide4);
}

void vd_config_read_wide6(struct vd_config_reader *reader, const char *value)
{
    vd_config_octet(reader, value, 0, 128, &reader->watch->spf_wide6);
}

void vd_config_read_vast4(struct vd_config_reader *reader, const char *value)
{
    vd_config_octet(reader, value, 0, 32, &reader->watch->spf_vast4);
}

void vd_config_read_vast6(struct vd_config_reader *reader, const char *value)
{
    vd_config_octet(reader, value, 0, 128, &reader->watch->spf_vast6);
}

void vd_config_read_growth(struct vd_config_reader *reader, const char *value)
{
    vd_config_number(reader, value, 1, UINT32_MAX, &reader->watch->spf_growth);
}

static void check_prefixes(struct vd_config_reader *reader, const char *wide_key,
                           const char *vast_key, unsigned wide, unsigned vast)
{
    struct vd_text_writer *w;
    unsigned line = vd_config_line_of(reader, vast_key);

    if (vast <= wide) {
        return;
    }
    line = line == 0 ? vd_config_line_of(reader, wide_key) : line;
    w = vd_config_say(reader);
    vd_text_put(w, vast_key);
    vd_text_put(w, " = ");
    vd_text_put_unsigned(w, vast);
    vd_text_put(w, " is a smaller network than ");
    vd_text_put(w, wide_key);
    vd_text_put(w, " = ");
    vd_text_put_unsigned(w, wide);
    vd_text_put(w, ": the critical prefix is the shorter one");
    vd_config_said(reader, line == 0 ? reader->section_line : line);
}

/* ---- floors ------------------------------------------------------------------------------ */

/* A word of a list as its place there; -1 after a complaint. */
static int read_level(struct vd_config_reader *reader, const char *value, const char *const *words,
                      size_t count, const char *complaint)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(value, words[i]) == 0) {
            return (int)i;
        }
    }
    vd_config_object_to(reader, value, complaint);
    return -1;
}

void vd_config_read_dmarc(struct vd_config_reader *reader, const char *value)
{
    static const char *const words[] = {"none", "quarantine", "reject"};
    int level = read_level(reader, value, words, 3,
                           "is no policy: write none, quarantine or reject, the least that is "
                           "accepted");

    if (level >= 0) {
        reader->watch->dmarc_floor = (int8_t)level;
    }
}

void vd_config_read_spf(struct vd_config_reader *reader, const char *value)
{
    static const char *const words[] = {"neutral", "softfail", "fail"};
    int level = read_level(reader, value, words, 3,
                           "is no end of SPF: write neutral (?all), softfail (~all) or fail "
                           "(-all), the least that is accepted");

    if (level >= 0) {
        reader->watch->spf_floor = (int8_t)(VD_SPF_NEUTRAL + level);
    }
}

/* What a profile stands for: the higher floor wins where there are several.  docs/config.md has the
   table in words. */
static const struct profile {
    const char *word;
    uint8_t bit;
    int8_t dmarc_floor, spf_floor;
    bool needs_dkim, is_silent; /* silent: no mail at all */
} profiles[] = {
    {"plain", VD_PROFILE_PLAIN, 0, VD_FLOOR_NONE, false, false},
    {"bulk", VD_PROFILE_BULK, 0, VD_SPF_NEUTRAL, true, false},
    {"enforcing", VD_PROFILE_ENFORCING, 1, VD_SPF_SOFTFAIL, true, false},
    {"parked", VD_PROFILE_PARKED, 2, VD_SPF_FAIL, false, true},
};

#define PROFILES (sizeof profiles / sizeof profiles[0])

void vd_config_read_profile(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_span list = {value, strlen(value)}, word;
    uint8_t set = 0;
    size_t i;

    while (vd_config_word(&list, &word)) {
        for (i = 0; i < PROFILES && !vd_config_is_word(&word, profiles[i].word); i++) {
        }
        if (i == PROFILES) {
            vd_text_put(vd_config_say_of(reader, word.text, word.len),
                        "is no profile: there are plain, bulk, enforcing and parked");
            vd_config_said(reader, reader->line);
            return;
        }
        set = (uint8_t)(set | profiles[i].bit);
    }
    if ((set & VD_PROFILE_PARKED) != 0 && set != VD_PROFILE_PARKED) {
        vd_config_object(reader, "profile parked says that no mail is sent: it stands alone");
        return;
    }
    reader->watch->profiles = set;
}

/* A parked domain sends nothing: keys that say otherwise are a mistake here, and in [defaults] not
   meant for it. */
static void complete_parked(struct vd_config_reader *reader, struct vd_watch *watch)
{
    static const char *const keys[] = {"dkim", "provider", "senders", "from", "mail-from", "mx"};
    size_t i;

    for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        unsigned line = vd_config_line_of(reader, keys[i]);

        if (line != 0) {
            struct vd_text_writer *w = vd_config_say(reader);

            vd_text_put(w, keys[i]);
            vd_text_put(w, " = contradicts profile parked: that domain has no mail");
            vd_config_said(reader, line);
        }
    }
    watch->groups_count = 0;
    watch->selectors_count = 0;
    watch->providers_count = 0;
    watch->senders_count = 0;
    watch->from = watch->mail_from = watch->mx = 0;
}

/* A floor that a key sets overrides that of the profile.  Of a key of [defaults] and a profile of the
   section itself the stricter one holds: neither may undo the other unseen. */
static void complete_floors(struct vd_config_reader *reader, struct vd_watch *watch)
{
    bool is_own = vd_config_line_of(reader, "profile") != 0;
    bool keeps_dmarc =
        watch->dmarc_floor != VD_FLOOR_NONE && (!is_own || vd_config_line_of(reader, "dmarc") != 0);
    bool keeps_spf =
        watch->spf_floor != VD_FLOOR_NONE && (!is_own || vd_config_line_of(reader, "spf") != 0);
    size_t i;

    for (i = 0; i < PROFILES; i++) {
        const struct profile *profile = &profiles[i];

        if ((watch->profiles & profile->bit) == 0) {
            continue;
        }
        if (!keeps_dmarc && profile->dmarc_floor > watch->dmarc_floor) {
            watch->dmarc_floor = profile->dmarc_floor;
        }
        if (!keeps_spf && profile->spf_floor > watch->spf_floor) {
            watch->spf_floor = profile->spf_floor;
        }
        watch->needs_spf = true;
        watch->needs_dkim = watch->needs_dkim || profile->needs_dkim;
        watch->needs_null_mx = watch->needs_null_mx || profile->is_silent;
        watch->needs_no_key = watch->needs_no_key || profile->is_silent;
    }
    watch->needs_dmarc = watch->dmarc_floor != VD_FLOOR_NONE;
    watch->needs_spf = watch->needs_spf || watch->spf_floor != VD_FLOOR_NONE;
    watch->needs_mx = watch->mx != 0;
}

/* ---- the whole --------------------------------------------------------------------------- */

void vd_config_watch_complete(struct vd_config_reader *reader, struct vd_watch *watch)
{
    if ((watch->profiles & VD_PROFILE_PARKED) != 0) {
        complete_parked(reader, watch);
    }
    vd_config_dkim_complete(reader, watch);
    complete_floors(reader, watch);
    check_prefixes(reader, "spf-wide-ip4", "spf-vast-ip4", watch->spf_wide4, watch->spf_vast4);
    check_prefixes(reader, "spf-wide-ip6", "spf-vast-ip6", watch->spf_wide6, watch->spf_vast6);
    vd_config_plans_complete(reader, watch);
}

/* Does a name end in the domain, on a label boundary?  1: it is the domain; 2: it is below. */
static unsigned depth(const char *name, const char *domain)
{
    size_t len = strlen(name), domain_len = strlen(domain);

    if (len < domain_len || strcmp(name + len - domain_len, domain) != 0) {
        return 0;
    }
    return len == domain_len ? 1 : name[len - domain_len - 1] == '.' ? 2 : 0;
}

static void object_to_name(struct vd_config_reader *reader, const struct vd_watch *watch,
                           const char *key, const char *name, const char *words)
{
    unsigned line = vd_config_line_of(reader, key);
    struct vd_text_writer *w = vd_config_say_of(reader, name, strlen(name));

    vd_text_put(w, words);
    vd_config_quote(w, watch->domain, strlen(watch->domain));
    vd_config_said(reader, line == 0 ? reader->section_line : line);
}

static void check_names(struct vd_config_reader *reader, const struct vd_watch *watch)
{
    const char *mail_from = vd_watch_text(watch, watch->mail_from);
    const char *from = vd_watch_text(watch, watch->from);

    if (watch->mail_from != 0 && depth(mail_from, watch->domain) != 2) {
        object_to_name(reader, watch, "mail-from", mail_from,
                       "is no MAIL FROM subdomain: it must be below ");
    }
    if (watch->from != 0 && depth(strchr(from, '@') + 1, watch->domain) == 0) {
        object_to_name(reader, watch, "from", from, "is no address of the watched domain ");
    }
}

void vd_config_watch_check(struct vd_config_reader *reader, struct vd_watch *watch)
{
    unsigned i;

    if (watch->channel == VD_CHANNEL_UNSET) {
        watch->channel = 0;
        if (reader->config->channels_count > 1) {
            vd_text_put(vd_config_say_of(reader, watch->domain, strlen(watch->domain)),
                        "needs report = NAME: there are several [report] sections");
            vd_config_said(reader, reader->line);
        }
    }
    for (i = 0; i < watch->selectors_count; i++) {
        if (strlen(watch->selectors[i]) + strlen("._domainkey.") + strlen(watch->domain) >=
            VD_DOMAIN_TEXT_MAX) {
            vd_text_put(vd_config_say_of(reader, watch->selectors[i], strlen(watch->selectors[i])),
                        "is too long with its domain: the name of the record would exceed 253 "
                        "characters");
            vd_config_said(reader, reader->line);
        }
    }
    check_names(reader, watch);
}
