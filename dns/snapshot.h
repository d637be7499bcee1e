/*
 * What one survey brought home: every answer, each present, absent or unknown.
 *
 * Plain data, filled by survey.c, read by the judge.  Owns all bytes that it speaks of.
 * Names are text: lower case, no final dot, odd octets as \DDD (RFC 1035, section 5.1); the root
 * is ".".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SNAPSHOT_H
#define VD_SNAPSHOT_H

#include "firmware/limits.h"
#include "port/port_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types that are asked for (RFC 1035, 3596). */
enum vd_rrtype {
    VD_TYPE_A = 1,
    VD_TYPE_NS = 2,
    VD_TYPE_CNAME = 5,
    VD_TYPE_SOA = 6,
    VD_TYPE_MX = 15,
    VD_TYPE_TXT = 16,
    VD_TYPE_AAAA = 28,
    VD_TYPE_OPT = 41
};

/* Unknown is zero: zeroed memory claims nothing.  Only VD_ABSENT may become "gone". */
enum vd_presence { VD_UNKNOWN = 0, VD_ABSENT, VD_PRESENT };

/* How absent, or why unknown. */
enum vd_detail {
    VD_DETAIL_NONE = 0,
    /* absent: the server proved it, with an SOA */
    VD_DETAIL_NODATA,   /* the name is there, this type is not (RFC 2308, section 2.2) */
    VD_DETAIL_NXDOMAIN, /* no such name (RFC 2308, section 2.1) */
    VD_DETAIL_DANGLING, /* an alias whose target is not there */
    /* unknown: could not look */
    VD_DETAIL_NOT_ASKED,
    VD_DETAIL_TIMEOUT,
    VD_DETAIL_SERVFAIL,
    VD_DETAIL_REFUSED,
    VD_DETAIL_RCODE,     /* FORMERR, NOTIMP and all others */
    VD_DETAIL_LAME,      /* a referral instead of an answer */
    VD_DETAIL_TRUNCATED, /* TC, and no TCP here yet */
    VD_DETAIL_SUSPECT,   /* "absent" without the SOA that proves it */
    VD_DETAIL_MALFORMED, /* a message that breaks RFC 1035 */
    VD_DETAIL_CHAIN,     /* CNAME loop, or more than VD_CHAIN_MAX */
    VD_DETAIL_LIMIT,     /* over a knob of limits.h */
    VD_DETAIL_NETWORK    /* no address, no route, port unreachable */
};

/* A few words: "NXDOMAIN", "timeout", "truncated".  Never NULL. */
const char *vd_detail_str(enum vd_detail detail);
const char *vd_rrtype_str(uint16_t type);

#define VD_ANSWER_NONE 0xffu

/* One record of an answer, CNAMEs of the chain included, in the order of the chain. */
struct vd_record {
    uint16_t type;       /* enum vd_rrtype */
    uint16_t preference; /* MX */
    uint16_t offset;     /* into bytes[] */
    uint16_t len;        /* TXT: joined strings, may hold any octet.  CNAME, MX, NS: name as text,
                            NUL-terminated, the NUL not counted.  A, AAAA: 4 or 16 octets */
};

struct vd_answer {
    uint16_t name;    /* offset of the question's name */
    uint16_t type;    /* of the question */
    uint8_t presence; /* enum vd_presence; of this type at the end of the alias chain */
    uint8_t detail;   /* enum vd_detail */
    uint8_t rcode;    /* as received; 0xff when nothing was */
    uint8_t server;   /* index into the config's resolvers, of the last one asked */
    uint8_t tries;    /* questions sent for it */
    uint8_t is_aa;    /* authoritative answer */
    uint8_t next;     /* the answer that continues an alias chain which this one leaves, or
                          VD_ANSWER_NONE.  presence and detail already tell the end of the chain */
    uint8_t is_done;  /* the question is settled */
    uint8_t hops;     /* aliases that led here from another answer */
    uint16_t first;   /* records[first .. first+count) */
    uint16_t count;
    uint32_t ttl_s;  /* least TTL of what was used */
    uint32_t rtt_ms; /* of the try that was answered */
};

struct vd_snapshot {
    uint16_t answers_count;
    uint16_t records_count;
    uint16_t bytes_len;
    uint64_t started_ms;
    uint64_t ended_ms;
    struct vd_answer answers[VD_SURVEY_QUESTIONS_MAX];
    struct vd_record records[VD_SURVEY_RECORDS_MAX];
    uint8_t bytes[VD_SURVEY_BYTES_MAX];
};

/* A run of bytes inside a snapshot. */
struct vd_span {
    const uint8_t *bytes;
    size_t len;
};

/* The answer to (name, type), or NULL if it was never asked.  name as text, any case. */
const struct vd_answer *vd_snapshot_find(const struct vd_snapshot *snapshot, const char *name,
                                         uint16_t type);

/* The question's name. */
const char *vd_snapshot_name(const struct vd_snapshot *snapshot, const struct vd_answer *answer);

/*
 * The index-th record of the wanted type along the whole chain of an answer (through .next):
 * type TXT gives the texts at its end, type CNAME its hops in order.
 *
 * Returns NULL when there are no more.
 */
const struct vd_record *vd_snapshot_record(const struct vd_snapshot *snapshot,
                                           const struct vd_answer *answer, uint16_t type,
                                           size_t index);

/* The bytes of a record. */
struct vd_span vd_snapshot_span(const struct vd_snapshot *snapshot, const struct vd_record *record);

/* A name record (CNAME, MX, NS) as text. */
const char *vd_snapshot_target(const struct vd_snapshot *snapshot, const struct vd_record *record);

/* Forget everything. */
void vd_snapshot_clear(struct vd_snapshot *snapshot);

/* ---- for survey.c and tests: to fill one ------------------------------------------------- */

/*
 * Add a question; its answer is unknown(not asked) until it is settled.
 *
 * VD_OK     *index names it.
 * VD_OTHER  it is there already; *index names it.
 * VD_EFULL  VD_SURVEY_QUESTIONS_MAX or VD_SURVEY_BYTES_MAX.
 */
enum vd_status vd_snapshot_ask(struct vd_snapshot *snapshot, const char *name, uint16_t type,
                               size_t *index);

/*
 * Append a record to the answer that was filled last (records of one answer are added in one
 * go).  bytes: joined text or address; for CNAME, MX, NS the name as text without its NUL.
 *
 * VD_EFULL  VD_SURVEY_RECORDS_MAX or VD_SURVEY_BYTES_MAX; nothing was added.
 */
enum vd_status vd_snapshot_add(struct vd_snapshot *snapshot, size_t answer, uint16_t type,
                               uint16_t preference, const uint8_t *bytes, size_t len);

/* Take back the record that was added last, if the same one (RFC 2181, section 5) stands in its
   answer already. */
void vd_snapshot_drop_duplicate(struct vd_snapshot *snapshot, size_t answer);

#endif
