/*
 * Believe it, or not yet: from findings to alerts that open and close.
 *
 * Anything worse than the baseline is looked at again, elsewhere and later, before it is believed.
 * An alert opens when
 *   - two resolvers have each said so twice, at least confirm_wait apart; or
 *   - only one resolver can be asked: it has said so three times, over six times confirm_wait.
 * Where the two agree that the record set is worse but not on how, what is there is told; that a
 * record is gone is told only when both say so.  One look that finds nothing worse drops the
 * suspicion.  An open alert whose content moves on (quarantine, then none) is confirmed and told
 * again.  It closes after two clean looks.  A look at which the record set was unknown, or at
 * which not all findings fitted, counts for nothing.
 *
 * No I/O; time is an argument.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CONFIRM_H
#define VD_CONFIRM_H

#include "firmware/judge/judge.h"
#include "firmware/watchlist.h"

/* Clean looks that close an alert. */
#define VD_CONFIRM_CLEAN_LOOKS 2u

/* Looks by each of two resolvers, or by a single one, that open it. */
#define VD_CONFIRM_LOOKS_EACH   2u
#define VD_CONFIRM_LOOKS_SINGLE 3u

/* A single source must have been watched this many times confirm_wait. */
#define VD_CONFIRM_SINGLE_SPAN 6u

/* Least time between a look and the one that confirms it, if confirm_wait is not shorter. */
#define VD_CONFIRM_GAP_MS 1000u

/* Looks out of turn for one suspicion; after that it waits for the normal rounds. */
#define VD_CONFIRM_LOOKS_MAX 12u

/* Looks in vain at other resolvers after which the only one that answers is a single source. */
#define VD_CONFIRM_MISSES_MAX 2u

enum vd_alert_state {
    VD_ALERT_FREE = 0,
    VD_ALERT_SUSPECTED,
    VD_ALERT_OPEN,
    VD_ALERT_TOLD /* no alert, told once: kept until it is found no more, not to tell it again */
};

/* Its identity is (watch, code, kind, index). */
struct vd_alert {
    uint8_t state; /* enum vd_alert_state */
    uint8_t watch;
    uint8_t code; /* enum vd_code */
    uint8_t kind; /* enum vd_subject_kind */
    uint8_t index;
    uint8_t severity;             /* enum vd_severity, of what was found last */
    uint8_t clean;                /* clean looks since the last bad one */
    uint8_t misses;               /* looks in vain, while something is to be confirmed */
    uint8_t looks;                /* looks that found what is to be confirmed */
    uint16_t rtype;               /* of the record to mend: enum vd_rrtype */
    uint8_t seen[VD_SERVERS_MAX]; /* such looks by each resolver */
    uint32_t candidate;           /* hash of the content that is to be confirmed */
    uint32_t told;                /* hash of the content that was told */
    uint64_t first_ms;            /* since when it is to be confirmed */
};

enum vd_confirm_turn {
    VD_CONFIRM_OPENED, /* an alert is believed */
    VD_CONFIRM_CLOSED, /* back to the baseline or better */
    VD_CONFIRM_TOLD    /* not an alert: a harmless or better state, believed; adopt it */
};

/*
 * Called from vd_confirm_look for each turn.  finding is NULL for CLOSED.  subject: the record set
 * as it stands now.
 *
 * VD_OK  it is written down.  Anything else: it is told again at the next look.
 */
typedef enum vd_status (*vd_confirm_fn)(void *ctx, enum vd_confirm_turn turn,
                                        const struct vd_alert *alert,
                                        const struct vd_finding *finding,
                                        const struct vd_subject *subject);

struct vd_confirm {
    uint8_t servers_count; /* resolvers in the config */
    uint32_t lost;         /* findings that found no room in alerts[] */
    uint32_t contradicted; /* suspicions that another look did not bear out */
    struct vd_alert alerts[VD_ALERTS_MAX];
};

/* When the watch wants to be looked at again, and by whom. */
struct vd_next_look {
    bool is_wanted;    /* false: the normal interval will do */
    bool is_elsewhere; /* by another resolver than this look */
    uint32_t wait_ms;  /* from now; 0: at once */
};

void vd_confirm_init(struct vd_confirm *confirm, uint8_t servers_count);

/*
 * Weigh one look.
 *
 * judgement  of the survey that has just ended.
 * server     of each subject, in the order of judgement->subjects: the resolver that answered it.
 * next       filled.
 */
void vd_confirm_look(struct vd_confirm *confirm, uint8_t watch_index, const struct vd_watch *watch,
                     const struct vd_judgement *judgement, const uint8_t *servers, uint64_t now_ms,
                     vd_confirm_fn tell, void *ctx, struct vd_next_look *next);

/* Alerts that are open, of all watches or (watch_index >= 0) of one. */
unsigned vd_confirm_open_count(const struct vd_confirm *confirm, int watch_index);

/* Alerts of one record set that are open. */
unsigned vd_confirm_open_of(const struct vd_confirm *confirm, uint8_t watch_index, uint8_t kind,
                            uint8_t index);

#endif
