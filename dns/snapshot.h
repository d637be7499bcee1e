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

/* Types that are asked for (RFC 1035, 3596, 4034). */
enum vd_rrtype {
    VD_TYPE_A = 1,
    VD_TYPE_NS = 2,
    VD_TYPE_CNAME = 5,
    VD_TYPE_SOA = 6,
    VD_TYPE_PTR = 12,
    VD_TYPE_MX = 15,
    VD_TYPE_TXT = 16,
    VD_TYPE_AAAA = 28,
    VD_TYPE_OPT = 41,
    VD_TYPE_DS = 43
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
    VD_DETAIL_RCODE,       /* FORMERR, NOTIMP and all others */
    VD_DETAIL_LAME,        /* a referral instead of an answer */
    VD_DETAIL_TRUNCATED,   /* TC over UDP, and TCP does not work (or TC over TCP) */
    VD_DETAIL_SUSPECT,     /* "absent" without the SOA that proves it */
    VD_DETAIL_MALFORMED,   /* a message that breaks RFC 1035 */
    VD_DETAIL_CHAIN,       /* CNAME loop, or more than VD_CHAIN_MAX */
    VD_DETAIL_NETWORK,     /* no address, no route, port unreachable, connection lost */
    VD_DETAIL_TLS,         /* TLS could not be set up, or the peer was not verified */
    VD_DETAIL_FILTERED,    /* forged, blocked, censored: EDE 4, 15 to 18, 20, 21 (RFC 8914) */
    VD_DETAIL_DNSSEC,      /* validation failed: EDE 1, 2, 5 to 12, 25, 27, or CD=1 answers */
    VD_DETAIL_STALE,       /* an old answer: EDE 3, 19 */
    VD_DETAIL_UPSTREAM,    /* the resolver could not reach the authorities: EDE 13, 14, 22, 23 */
    VD_DETAIL_ATTACK,      /* forged responses, and no way around them */
    VD_DETAIL_INTERCEPTED, /* an authority was asked, and something else answered: no AA, or RA */
    VD_DETAIL_LIMIT /* over a knob of limits.h.  Last: the knob, an enum vd_limit, may be added to it */
};

/* Which knob an answer is over. */
enum vd_limit {
    VD_LIMIT_NONE = 0,
    VD_LIMIT_TXT,         /* VD_TXT_LEN_MAX */
    VD_LIMIT_RECORDS,     /* VD_SURVEY_RECORDS_MAX */
    VD_LIMIT_BYTES,       /* VD_SURVEY_BYTES_MAX */
    VD_LIMIT_QUESTIONS,   /* VD_SURVEY_QUESTIONS_MAX */
    VD_LIMIT_TCP_MESSAGE, /* VD_TCP_MESSAGE_MAX */
    VD_LIMIT_CHAIN        /* VD_CHAIN_MAX */
};

/* The knob's name, as in limits.h; "" for VD_LIMIT_NONE. */
const char *vd_limit_str(uint8_t limit);

/* No extended DNS error was given. */
#define VD_EDE_NONE 0xffffu

/* A few words: "NXDOMAIN", "timeout", "over VD_TXT_LEN_MAX".  Never NULL. */
const char *vd_detail_str(enum vd_detail detail);
const char *vd_rrtype_str(uint16_t type);

#define VD_ANSWER_NONE 0xffu

/* Longest random label, with its NUL. */
#define VD_PROBE_MAX 17u

/* One record of an answer, CNAMEs of the chain included, in the order of the chain. */
struct vd_record {
    uint16_t type;       /* enum vd_rrtype */
    uint16_t preference; /* MX */
    uint16_t offset;     /* into bytes[] */
    uint16_t len;        /* TXT: joined strings, may hold any octet.  CNAME, MX, NS, PTR: name as
                            text, NUL-terminated, the NUL not counted; SOA: its MNAME so.  A, AAAA:
                            4 or 16 octets.  DS: the RDATA */
};

struct vd_answer {
    uint16_t name;     /* offset of the question's name */
    uint16_t type;     /* of the question */
    uint8_t presence;  /* enum vd_presence; of this type at the end of the alias chain */
    uint8_t detail;    /* enum vd_detail */
    uint8_t limit;     /* enum vd_limit, with VD_DETAIL_LIMIT */
    uint8_t server;    /* place in the resolver's table, of the last one asked */
    uint8_t transport; /* enum vd_transport (server.h), of the last try */
    uint8_t tries;     /* questions sent for it */
    uint8_t next;      /* the answer that continues an alias chain which this one leaves, or
                          VD_ANSWER_NONE.  presence and detail already tell the end of the chain */
    uint8_t hops;      /* aliases that led here from another answer */
    bool is_done;      /* the question is settled */
    bool is_aa;        /* authoritative answer */
    bool is_ad;        /* the resolver says that it validated the answer (RFC 6840, section 5.8) */
    bool has_soa;      /* of a negative answer, or of an SOA record: the two numbers below hold */
    uint8_t soa_up;    /* labels between the end of the chain and the SOA's owner: 0 is the apex */
    uint16_t rcode;    /* with the extended bits; VD_RCODE_NONE when nothing was received */
    uint16_t ede;      /* extended DNS error (RFC 8914), or VD_EDE_NONE */
    uint16_t ede_text; /* offset of its text in bytes[]; 0: none */
    uint16_t first;    /* records[first .. first+count) */
    uint16_t count;
    uint32_t ttl_s;  /* least TTL of what was used; negative: min(SOA's TTL, MINIMUM) (RFC 2308) */
    uint32_t rtt_ms; /* of the try that was answered */
    uint32_t soa_serial;
    uint32_t soa_minimum;
};

struct vd_snapshot {
    uint16_t answers_count;
    uint16_t records_count;
    uint16_t bytes_len;
    uint64_t started_ms;
    uint64_t ended_ms;
    uint16_t
        ad_servers; /* set of places in the resolver's table whose control name, signed, gets AD
                            at present: only their AD means something */
    char probe[VD_PROBE_MAX]; /* a random label of this look, to tell wildcards; "": none */
    const char *delegated[VD_PARENTS_MAX]; /* domains that are there, by their registry, though
                                              nothing answers for them; NULL: none.  Not owned */
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

/* How absent, or why unknown: its detail, to which a limit's knob is added. */
uint8_t vd_answer_detail(const struct vd_answer *answer);

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

/* A name record (CNAME, MX, NS, PTR, SOA) as text. */
const char *vd_snapshot_target(const struct vd_snapshot *snapshot, const struct vd_record *record);

/* Is a name the domain, or below it?  Both as text, as in a snapshot. */
bool vd_is_within(const char *name, const char *domain);

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
 * go).  bytes: joined text, address or DS; for CNAME, MX, NS, PTR and SOA the name as text without
 * its NUL.
 *
 * VD_EFULL  VD_SURVEY_RECORDS_MAX or VD_SURVEY_BYTES_MAX; nothing was added.
 */
enum vd_status vd_snapshot_add(struct vd_snapshot *snapshot, size_t answer, uint16_t type,
                               uint16_t preference, const uint8_t *bytes, size_t len);

/* Keep a text (an EDE's): NUL-terminated, printable ASCII only, "?" for all else.  Its offset in
   bytes[], 0 where there is no room, or nothing to keep. */
uint16_t vd_snapshot_keep_text(struct vd_snapshot *snapshot, const char *text);

/* Take back the record that was added last, if the same one (RFC 2181, section 5) stands in its
   answer already. */
void vd_snapshot_drop_duplicate(struct vd_snapshot *snapshot, size_t answer);

#endif
