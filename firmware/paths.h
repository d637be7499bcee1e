/*
 * Do the resolvers themselves tell the truth?  A cheap check of each one's path.
 *
 * A name that exists must answer, a random name that cannot exist must not: that finds captive
 * portals, wildcarding and rewriting resolvers, and networks that swallow DNS.  A path that fails
 * is blind: it is named, told, and yields no findings until it passes again.
 *
 * No I/O of its own; time and randomness are arguments.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PATHS_H
#define VD_PATHS_H

#include "dns/survey.h"

/* A path that failed is checked again after this; then after twice as long, and so on. */
#define VD_PATH_AGAIN_MS 3000u

/* So long after the start "no route" does not count: addresses are still coming (SLAAC takes 3 to 4
   seconds).  ms. */
#define VD_PATH_SETTLE_MS 15000u

/* Failed checks in a row until it is told: the first ones may be a cable that was pulled, or an
   address that is still on its way. */
#define VD_PATH_TELL_AFTER 3u

/* Random bytes in the name that cannot exist. */
#define VD_PATH_RANDOM_LEN 10u

enum vd_path_verdict {
    VD_PATH_UNCHECKED = 0,
    VD_PATH_SEES,
    VD_PATH_SILENT,  /* the name that exists was not answered: detail says why */
    VD_PATH_EMPTY,   /* it is said not to exist */
    VD_PATH_REWRITES /* a name that cannot exist was answered */
};

/* One resolver's path. */
struct vd_path_check {
    uint64_t checked_ms;
    uint64_t due_ms;
    uint8_t verdict;  /* enum vd_path_verdict */
    uint8_t failures; /* in a row */
    uint8_t detail;   /* enum vd_detail, with VD_PATH_SILENT */
    bool is_told;     /* an event says that it is blind */
    bool has_ad;      /* the name that exists, signed, came with AD (RFC 6840, section 5.8) */
};

/* Conditions of a server that are counted before they are told (enum vd_trouble). */
#define VD_PATH_TROUBLES 4u

/* One of them, of one server. */
struct vd_trouble_run {
    uint64_t seen_ms; /* last time */
    uint8_t rounds;   /* that showed it, with but few in between */
    bool is_told;
};

struct vd_paths {
    uint8_t count;
    struct vd_path_check checks[VD_SERVERS_MAX];
    struct vd_trouble_run troubles[VD_PEERS_MAX][VD_PATH_TROUBLES];
};

/* count resolvers, all to be checked at once. */
void vd_paths_init(struct vd_paths *paths, uint8_t count);

/* The set of resolvers that may be asked: those that were not found blind. */
uint16_t vd_paths_seeing(const struct vd_paths *paths);

/* The set of those whose AD means something at present: they can be asked, and say AD of the name that
   exists. */
uint16_t vd_paths_validating(const struct vd_paths *paths);

/* The resolver whose check has been due for longest, or -1. */
int vd_paths_due(const struct vd_paths *paths, uint64_t now_ms);

/* When the next check is due. */
uint64_t vd_paths_next_ms(const struct vd_paths *paths);

/* Something looks odd: check again now all that were not checked in the last fresh_ms. */
void vd_paths_doubt(struct vd_paths *paths, uint32_t fresh_ms, uint64_t now_ms);

/* Were all that are not blind checked since then? */
bool vd_paths_are_checked_since(const struct vd_paths *paths, uint64_t since_ms);

/*
 * Put the two questions on the worklist of an empty survey of that resolver alone.
 *
 * good   asked for NS (self-check-good).
 * bad    "com": a random label goes before it (self-check-bad).
 */
void vd_paths_ask(struct vd_survey *survey, const char *good, const char *bad,
                  const uint8_t random[VD_PATH_RANDOM_LEN]);

/*
 * Weigh what came back.
 *
 * recheck_ms  until the next check at the latest, should it have failed.
 */
void vd_paths_weigh(struct vd_paths *paths, unsigned index, const struct vd_snapshot *snapshot,
                    uint32_t recheck_ms, uint64_t now_ms);

/* Room for a reason, with its NUL. */
#define VD_PATH_REASON_MAX 200u

/*
 * How a path stands, as half a sentence: "it answers as it should".
 *
 * why  what the TLS layer says, for a path that fails by that; "" otherwise.
 */
void vd_paths_reason(const struct vd_path_check *check, const char *why, char *out, size_t cap);

#endif
