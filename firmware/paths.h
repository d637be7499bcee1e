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

/* Time between two checks of a path that passed, and of one that failed. */
#define VD_PATH_CHECK_MS   900000u
#define VD_PATH_RECHECK_MS 60000u

/* A check that is this young is not repeated when something looks odd. */
#define VD_PATH_FRESH_MS 30000u

/* Failed checks in a row until it is told: the first one may be a cable that was pulled. */
#define VD_PATH_TELL_AFTER 2u

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
    uint8_t verdict;       /* enum vd_path_verdict */
    uint8_t failures;      /* in a row */
    uint8_t detail;        /* enum vd_detail, with VD_PATH_SILENT */
    bool is_told;          /* an event says that it is blind */
    uint8_t rounds[5];     /* that showed each enum vd_trouble, with but few in between */
    uint8_t quiet[5];      /* in a row that did not */
    uint8_t troubles_told; /* set of enum vd_trouble that an event has named */
};

struct vd_paths {
    uint8_t count;
    struct vd_path_check checks[VD_SERVERS_MAX];
};

/* count resolvers, all to be checked at once. */
void vd_paths_init(struct vd_paths *paths, uint8_t count);

/* The set of resolvers that may be asked: those that were not found blind. */
uint16_t vd_paths_seeing(const struct vd_paths *paths);

/* The resolver whose check has been due for longest, or -1. */
int vd_paths_due(const struct vd_paths *paths, uint64_t now_ms);

/* When the next check is due. */
uint64_t vd_paths_next_ms(const struct vd_paths *paths);

/* Something looks odd: check again now all that were not checked just before. */
void vd_paths_doubt(struct vd_paths *paths, uint64_t now_ms);

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
 * recheck_ms  until the next check, should it have failed; VD_PATH_RECHECK_MS at most.
 */
void vd_paths_weigh(struct vd_paths *paths, unsigned index, const struct vd_snapshot *snapshot,
                    uint32_t recheck_ms, uint64_t now_ms);

/* Room for a reason, with its NUL. */
#define VD_PATH_REASON_MAX 128u

/* How a path stands, as half a sentence: "it answers as it should". */
void vd_paths_reason(const struct vd_path_check *check, char *out, size_t cap);

#endif
