/*
 * DMARC records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dmarc.h"

#include "dns/records/tags.h"
#include "dns/records/uri.h"

enum known_tag {
    TAG_V,
    TAG_P,
    TAG_SP,
    TAG_NP,
    TAG_RUA,
    TAG_RUF,
    TAG_ADKIM,
    TAG_ASPF,
    TAG_PCT,
    TAG_T,
    TAG_PSD,
    TAG_FO,
    TAG_RF,
    TAG_RI,
    TAGS_KNOWN
};

/* Values as written; bytes NULL: not there. */
struct reading {
    struct vd_span values[TAGS_KNOWN];
    struct vd_span segments[TAGS_KNOWN]; /* "sp=invalid" */
};

/* The two ways to read a record: a tag that is written twice has its first value, or its last. */
struct readings {
    struct reading first, last;
    enum known_tag twice; /* TAGS_KNOWN: none */
    uint32_t unknown;     /* order-free hash of the tags that nobody knows */
    uint8_t lints;
};

const char *vd_dmarc_level_str(int level)
{
    static const char *const words[] = {"none", "quarantine", "reject"};

    return level >= 0 && level <= 2 ? words[level] : "no DMARC";
}

static const char *const tag_names[TAGS_KNOWN] = {"v",    "p",   "sp", "np",  "rua", "ruf", "adkim",
                                                  "aspf", "pct", "t",  "psd", "fo",  "rf",  "ri"};

/* Names are read in any case: RFC 9989's own grammar allows it, DKIM's tag lists do not. */
static enum known_tag find_tag(struct vd_span name)
{
    unsigned tag = 0;

    while (tag < TAGS_KNOWN && !vd_span_is_word(name, tag_names[tag])) {
        tag++;
    }
    return (enum known_tag)tag;
}

/* ---- what else is written ------------------------------------------------------------------- */

/* One more word, blanks and case left aside. */
static uint32_t hash_word(uint32_t hash, struct vd_span word)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = vd_ascii_lower(word.bytes[i]);
        if (c != ' ' && c != '\t') {
            hash = vd_hash(hash, &c, 1);
        }
    }
    return hash;
}

/* Of a tag with its list; the order of the items means nothing.  Absent, empty, its default: 0. */
static uint32_t hash_tag(struct vd_span name, struct vd_span value, const char *dflt)
{
    struct vd_span item;
    uint32_t sum = 0;

    if (value.len == 0 || vd_span_is_word(value, dflt)) {
        return 0;
    }
    while (vd_span_next(&value, ':', &item)) {
        sum += hash_word(hash_word(VD_HASH_START, name), item);
    }
    return sum;
}

static uint32_t hash_extras(const struct reading *reading)
{
    static const struct {
        enum known_tag tag;
        const char *dflt;
    } tags[] = {{TAG_FO, "0"}, {TAG_RF, "afrf"}, {TAG_RI, "86400"}};
    uint32_t sum = 0;

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        struct vd_span name = {(const uint8_t *)tag_names[tags[i].tag], 2};
        sum += hash_tag(name, reading->values[tags[i].tag], tags[i].dflt);
    }
    return sum;
}

/* fo= by the grammar of RFC 9989: 0 or 1 alone, or d and s. */
static bool is_fo_odd(struct vd_span value)
{
    struct vd_span item;
    unsigned whole = 0, count = 0;

    while (vd_span_next(&value, ':', &item)) {
        item = vd_span_trim(item);
        bool is_whole = vd_span_is_exactly(item, "0") || vd_span_is_exactly(item, "1");
        if (!is_whole && !vd_span_is_word(item, "d") && !vd_span_is_word(item, "s")) {
            return true;
        }
        whole += is_whole;
        count++;
    }
    return whole > 0 && count > 1;
}

static bool has_upper(struct vd_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.bytes[i] != vd_ascii_lower(name.bytes[i])) {
            return true;
        }
    }
    return false;
}

static uint8_t find_lints(const struct reading *reading)
{
    bool is_historic = reading->values[TAG_PCT].bytes != NULL ||
                       reading->values[TAG_RF].bytes != NULL ||
                       reading->values[TAG_RI].bytes != NULL;

    return (uint8_t)((is_fo_odd(reading->values[TAG_FO]) ? VD_DMARC_LINT_FO : 0) |
                     (is_historic ? VD_DMARC_LINT_HISTORIC : 0));
}

/* ---- tags ------------------------------------------------------------------------------------ */

static void take_tag(const struct vd_tag *tag, enum known_tag known, struct readings *out)
{
    struct vd_span segment = {tag->name.bytes,
                              (size_t)(tag->value.bytes - tag->name.bytes) + tag->value.len};

    if (out->last.values[known].bytes == NULL) {
        out->first.values[known] = tag->value;
        out->first.segments[known] = segment;
    } else if (out->twice == TAGS_KNOWN) {
        out->twice = known;
    }
    out->last.values[known] = tag->value;
    out->last.segments[known] = segment;
}

static void read_tags(struct vd_span text, struct readings *out)
{
    struct vd_tags tags;
    struct vd_tag tag;
    unsigned place = 0;

    *out = (struct readings){.twice = TAGS_KNOWN};
    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        place++;
        if (!tag.is_well_formed) {
            out->lints |= VD_DMARC_LINT_NO_VALUE; /* stepped over */
            continue;
        }
        enum known_tag known = find_tag(tag.name);
        if (has_upper(tag.name)) {
            out->lints |= VD_DMARC_LINT_NAME_CASE;
        }
        if (known == TAGS_KNOWN) {
            out->unknown += hash_tag(tag.name, tag.value, "");
            continue; /* must be ignored */
        }
        if (known == TAG_P && place != 2) {
            out->lints |= VD_DMARC_LINT_P_NOT_SECOND;
        }
        take_tag(&tag, known, out);
    }
    out->lints |= find_lints(&out->last);
}

/* Absent: VD_DMARC_NO_RECORD and true.  Written, but none of the three words: false. */
static bool read_level(struct vd_span value, int8_t *level, bool *has)
{
    *level = VD_DMARC_NO_RECORD;
    *has = false;
    if (value.bytes == NULL) {
        return true;
    }
    for (int8_t i = VD_DMARC_NONE; i <= VD_DMARC_REJECT; i++) {
        if (vd_span_is_word(value, vd_dmarc_level_str(i))) {
            *level = i;
            *has = true;
            return true;
        }
    }
    return false;
}

/* ---- report addresses (section 4.8) ---------------------------------------------------------- */

/* A list of them, item by item. */
struct addresses {
    bool has_uri; /* one of any scheme is well-formed */
    bool has_mailto;
    uint32_t set;
    uint32_t sizes;
    uint8_t lints;
};

static struct addresses read_addresses(struct vd_span list)
{
    struct addresses out = {.set = 0};
    struct vd_uri uri;
    enum vd_status status;

    while ((status = vd_uri_next(&list, &uri)) != VD_OTHER) {
        if (status != VD_OK) {
            out.lints |= uri.text.len > 0 ? VD_DMARC_LINT_URI : 0;
            continue; /* a bare address is no URI */
        }
        uint32_t hash = vd_uri_hash(&uri);
        out.has_uri = true;
        out.has_mailto = out.has_mailto || uri.is_mailto;
        out.set += hash;
        if (uri.size.len > 0) {
            out.sizes += hash_word(hash, uri.size);
            out.lints |= VD_DMARC_LINT_SIZE;
        }
    }
    return out;
}

/* ---- the rest ---------------------------------------------------------------------------- */

/* 0..100; anything else counts as not written. */
static uint8_t read_pct(struct vd_span value)
{
    unsigned pct = 0;

    if (value.len == 0 || value.len > 3) {
        return 100;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!vd_ascii_is_digit(value.bytes[i])) {
            return 100;
        }
        pct = pct * 10u + (unsigned)(value.bytes[i] - '0');
    }
    return (uint8_t)(pct > 100 ? 100 : pct);
}

static char read_psd(struct vd_span value)
{
    if (vd_span_is_word(value, "y")) {
        return 'y';
    }
    return vd_span_is_word(value, "n") ? 'n' : 'u';
}

/* One level below, for the share that is let off (RFC 7489, 6.6.4; RFC 9989, 4.7: t). */
static int8_t step_down(int8_t level, bool is_stepping)
{
    return (int8_t)(is_stepping && level > VD_DMARC_NONE ? level - 1 : level);
}

/* RFC 9989, section 4.10.1 and RFC 7489, section 6.6.3, step 6. */
static void read_policy(const struct reading *reading, bool has_uri, struct vd_dmarc *out)
{
    bool is_p_good = read_level(reading->values[TAG_P], &out->p, &out->has_p);
    bool is_sp_good = read_level(reading->values[TAG_SP], &out->sp, &out->has_sp);
    bool is_np_good = read_level(reading->values[TAG_NP], &out->np, &out->has_np);

    out->fault = "";
    if (!is_p_good) {
        out->fault = "p= is none of none, quarantine, reject";
        out->guilty = reading->segments[TAG_P];
    } else if (!is_sp_good) {
        out->fault = "sp= is none of none, quarantine, reject";
        out->guilty = reading->segments[TAG_SP];
    } else if (!is_np_good) {
        out->fault = "np= is none of none, quarantine, reject";
        out->guilty = reading->segments[TAG_NP];
    } else if (!out->has_p && !has_uri) {
        out->fault = "there is no p=, and rua= names no address";
    }
    if (out->fault[0] != '\0') {
        out->p = out->sp = out->np = has_uri ? VD_DMARC_NONE : VD_DMARC_NO_RECORD;
        return;
    }
    out->p = out->has_p ? out->p : (int8_t)VD_DMARC_NONE; /* tolerated, with rua= */
    out->sp = out->has_sp ? out->sp : out->p;
    out->np = out->has_np ? out->np : out->sp;
}

/* What one reading comes to. */
static void read_record(const struct reading *reading, struct vd_dmarc *out)
{
    struct addresses rua = read_addresses(reading->values[TAG_RUA]);
    struct addresses ruf = read_addresses(reading->values[TAG_RUF]);

    *out = (struct vd_dmarc){.rua = reading->values[TAG_RUA], .ruf = reading->values[TAG_RUF]};
    read_policy(reading, rua.has_uri, out);
    out->pct = read_pct(reading->values[TAG_PCT]);
    out->is_testing = vd_span_is_word(reading->values[TAG_T], "y");
    out->psd = read_psd(reading->values[TAG_PSD]);
    out->is_strict_dkim = vd_span_is_word(reading->values[TAG_ADKIM], "s");
    out->is_strict_spf = vd_span_is_word(reading->values[TAG_ASPF], "s");
    out->has_rua = rua.has_mailto;
    out->has_ruf = ruf.has_mailto;
    out->rua_set = rua.set;
    out->ruf_set = ruf.set;
    out->extras = hash_extras(reading) + rua.sizes + ruf.sizes;
    out->lints = rua.lints | ruf.lints;
    out->legacy_self = step_down(out->p, out->pct < 100);
    out->bis_self = step_down(out->p, out->is_testing);
    out->legacy_sub = step_down(out->sp, out->pct < 100);
    out->bis_sub = step_down(out->sp, out->is_testing);
    out->bis_np = step_down(out->np, out->is_testing);
}

static int8_t weaker(int8_t a, int8_t b)
{
    return a < b ? a : b;
}

/* Some receivers read the first of two tags of one name, others the last: keep what both enforce. */
static void take_weaker(const struct vd_dmarc *first, struct vd_dmarc *out)
{
    out->p = weaker(first->p, out->p);
    out->sp = weaker(first->sp, out->sp);
    out->np = weaker(first->np, out->np);
    out->pct = first->pct < out->pct ? first->pct : out->pct;
    out->is_testing = first->is_testing || out->is_testing;
    out->psd = first->psd == out->psd ? out->psd : 'u';
    out->is_strict_dkim = first->is_strict_dkim && out->is_strict_dkim;
    out->is_strict_spf = first->is_strict_spf && out->is_strict_spf;
    out->has_rua = first->has_rua && out->has_rua;
    out->has_ruf = first->has_ruf && out->has_ruf;
}

enum vd_status vd_dmarc_parse(const uint8_t *text, size_t len, struct vd_dmarc *out)
{
    struct vd_span all = {text, len};
    struct readings readings;
    struct vd_dmarc first;

    if (!vd_tags_is_version(all, "DMARC1")) { /* section 4.7 */
        return VD_OTHER;
    }
    read_tags(all, &readings);
    read_record(&readings.last, out);
    out->extras += readings.unknown;
    out->lints |= readings.lints;
    if (readings.twice != TAGS_KNOWN) {
        read_record(&readings.first, &first);
        take_weaker(&first, out);
        out->is_ambiguous = true;
        out->fault = "a tag is written twice";
        out->guilty = readings.last.segments[readings.twice];
        out->legacy_self = out->bis_self = out->legacy_sub = out->bis_sub = out->bis_np =
            VD_DMARC_NO_RECORD;
    }
    return VD_OK;
}
