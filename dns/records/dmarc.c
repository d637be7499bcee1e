/*
 * DMARC records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dmarc.h"

#include "dns/records/tags.h"

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

/* A known tag's last value, as written; bytes NULL: not there. */
struct reading {
    struct vd_span values[TAGS_KNOWN];
    struct vd_span segments[TAGS_KNOWN]; /* "sp=invalid" */
    enum known_tag twice;                /* TAGS_KNOWN: none */
};

const char *vd_dmarc_level_str(int level)
{
    static const char *const words[] = {"none", "quarantine", "reject"};

    return level >= 0 && level <= 2 ? words[level] : "no DMARC";
}

/* Names are read in any case: RFC 9989's own grammar allows it, DKIM's tag lists do not. */
static enum known_tag find_tag(struct vd_span name)
{
    static const char *const names[TAGS_KNOWN] = {"v",    "p",   "sp", "np",  "rua", "ruf", "adkim",
                                                  "aspf", "pct", "t",  "psd", "fo",  "rf",  "ri"};
    unsigned tag = 0;

    while (tag < TAGS_KNOWN && !vd_span_is_word(name, names[tag])) {
        tag++;
    }
    return (enum known_tag)tag;
}

static size_t skip_blanks(struct vd_span text, size_t pos)
{
    while (pos < text.len && (text.bytes[pos] == ' ' || text.bytes[pos] == '\t')) {
        pos++;
    }
    return pos;
}

/* "v" eq "DMARC1" and then the end or a semicolon; nothing before it (section 4.7). */
static bool is_dmarc(struct vd_span text)
{
    static const char version[] = "DMARC1";
    size_t version_len = sizeof version - 1;

    if (text.len == 0 || vd_ascii_lower(text.bytes[0]) != 'v') {
        return false;
    }
    size_t pos = skip_blanks(text, 1);
    if (pos == text.len || text.bytes[pos] != '=') {
        return false;
    }
    pos = skip_blanks(text, pos + 1);
    if (text.len - pos < version_len ||
        !vd_span_is_exactly((struct vd_span){text.bytes + pos, version_len}, version)) {
        return false;
    }
    pos = skip_blanks(text, pos + version_len);
    return pos == text.len || text.bytes[pos] == ';';
}

static void read_tags(struct vd_span text, struct reading *out)
{
    struct vd_tags tags;
    struct vd_tag tag;

    *out = (struct reading){.twice = TAGS_KNOWN};
    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        enum known_tag known = tag.is_well_formed ? find_tag(tag.name) : TAGS_KNOWN;
        if (known == TAGS_KNOWN) {
            continue; /* unknown tags are ignored, segments without '=' stepped over */
        }
        if (out->values[known].bytes != NULL && out->twice == TAGS_KNOWN) {
            out->twice = known;
        }
        out->values[known] = tag.value;
        out->segments[known] = (struct vd_span){
            tag.name.bytes, (size_t)(tag.value.bytes - tag.name.bytes) + tag.value.len};
    }
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

/* ---- report addresses (section 4.8; RFC 3986, section 3.1) ------------------------------- */

/* Length of "scheme:", or 0 when this is no URI. */
static size_t scheme_len(struct vd_span uri)
{
    size_t len = vd_span_to(uri, ':');

    if (len == 0 || len + 1 >= uri.len || !vd_ascii_is_alpha(uri.bytes[0])) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        uint8_t c = uri.bytes[i];
        if (!vd_ascii_is_alpha(c) && !vd_ascii_is_digit(c) && c != '+' && c != '-' && c != '.') {
            return 0;
        }
    }
    for (size_t i = len + 1; i < uri.len; i++) {
        if (uri.bytes[i] <= ' ' || uri.bytes[i] > 0x7e) {
            return 0;
        }
    }
    return len + 1;
}

/* mailto: with something on both sides of an '@'. */
static bool is_mailbox(struct vd_span uri, size_t scheme)
{
    if (!vd_span_is_word((struct vd_span){uri.bytes, scheme}, "mailto:")) {
        return false;
    }
    struct vd_span address = vd_span_skip(uri, scheme);
    size_t at = vd_span_to(address, '@');
    return at > 0 && at + 1 < address.len;
}

/* Scheme and mail host mean the same in any case, the mailbox may not (RFC 3986, 6.2.2.1). */
static uint32_t hash_uri(struct vd_span uri, size_t scheme)
{
    uint32_t hash = VD_HASH_START;
    size_t host = uri.len;

    for (size_t i = scheme; i < uri.len; i++) {
        host = uri.bytes[i] == '@' ? i : host;
    }
    for (size_t i = 0; i < uri.len; i++) {
        uint8_t c = i < scheme || i >= host ? vd_ascii_lower(uri.bytes[i]) : uri.bytes[i];
        hash = vd_hash(hash, &c, 1);
    }
    return hash;
}

/* Look at rua= URI by URI.  Returns whether one of any scheme is well-formed. */
static bool read_rua(struct vd_span value, struct vd_dmarc *out)
{
    struct vd_span uri;
    bool has_uri = false;

    out->has_rua = false;
    out->rua_set = 0;
    out->rua = value;
    while (vd_span_next(&value, ',', &uri)) {
        uri.len = vd_span_to(uri, '!'); /* the size limit is obsolete: ignored */
        uri = vd_span_trim(uri);
        size_t scheme = scheme_len(uri);
        if (scheme == 0) {
            continue; /* a bare address is no URI */
        }
        has_uri = true;
        out->has_rua = out->has_rua || is_mailbox(uri, scheme);
        out->rua_set += hash_uri(uri, scheme);
    }
    return has_uri;
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

/* What else is written: ruf=, fo= and psd=, in any spelling of blanks.  fo=0 is the default. */
static uint32_t hash_extras(const struct vd_dmarc *dmarc, struct vd_span fo)
{
    struct vd_span values[] = {dmarc->ruf, fo};
    uint32_t hash = vd_hash(VD_HASH_START, (const uint8_t *)&dmarc->psd, 1);

    if (vd_span_is_exactly(fo, "0")) {
        values[1].len = 0;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (size_t k = 0; k < values[i].len; k++) {
            uint8_t c = values[i].bytes[k];
            if (c != ' ' && c != '\t') {
                hash = vd_hash(hash, &c, 1);
            }
        }
        hash = vd_hash(hash, (const uint8_t *)";", 1);
    }
    return hash;
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

enum vd_status vd_dmarc_parse(const uint8_t *text, size_t len, struct vd_dmarc *out)
{
    struct vd_span all = {text, len};
    struct reading reading;

    if (!is_dmarc(all)) {
        return VD_OTHER;
    }
    read_tags(all, &reading);
    *out = (struct vd_dmarc){.fault = ""};
    read_policy(&reading, read_rua(reading.values[TAG_RUA], out), out);
    out->pct = read_pct(reading.values[TAG_PCT]);
    out->is_testing = vd_span_is_word(reading.values[TAG_T], "y");
    out->psd = read_psd(reading.values[TAG_PSD]);
    out->is_strict_dkim = vd_span_is_word(reading.values[TAG_ADKIM], "s");
    out->is_strict_spf = vd_span_is_word(reading.values[TAG_ASPF], "s");
    out->ruf = reading.values[TAG_RUF];
    out->extras = hash_extras(out, reading.values[TAG_FO]);
    out->legacy_self = step_down(out->p, out->pct < 100);
    out->bis_self = step_down(out->p, out->is_testing);
    out->legacy_sub = step_down(out->sp, out->pct < 100);
    out->bis_sub = step_down(out->sp, out->is_testing);
    out->bis_np = step_down(out->np, out->is_testing);
    if (reading.twice != TAGS_KNOWN) {
        out->is_ambiguous = true;
        out->fault = "a tag is written twice";
        out->guilty = reading.segments[reading.twice];
        out->legacy_self = out->bis_self = out->legacy_sub = out->bis_sub = out->bis_np =
            VD_DMARC_NO_RECORD;
    }
    return VD_OK;
}
