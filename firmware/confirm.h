/*
 * Believe it, or not yet: from findings to alerts that open and close.
 *
 * Anything worse than the baseline is looked at again, elsewhere and later, before it is believed.
 * Sources are places in the resolver's table: resolvers, and the zone's own authorities.  An alert
 * opens by the first of these that applies:
 *   (a) two authority addresses, or all if the zone has only one, say so: now, whatever resolvers
 *       still say; but not on one look alone.
 *   (b) an authority says otherwise: the change is held.  While it is, and for as long as resolvers
 *       and authorities go on to disagree, it is a divergence, told as such; the authorities win.
 *   (c) no authority can speak for the record, or none but one that says so too: two sources have
 *       each said so twice, at least confirm_wait apart, and none says otherwise.
 *   (d) only one source can be asked: it has said so three times, over six times confirm_wait.
 * What counts is what each source said last, and how often in a row; agreement begins when the last
 * one that said otherwise turns.  A source that says otherwise and then cannot be heard any more
 * loses its word with the second look in vain, a resolver whose path is blind at once.
 *
 * Where two agree that the record set is worse but not on how, what is there is told; that a record
 * is gone is told only when both say so.  Sources that keep disagreeing are told as a divergence;
 * when all that have spoken find nothing worse, the suspicion is dropped.  An open alert whose
 * content moves on (quarantine, then none) is confirmed and told again.  It closes after two clean
 * looks; while an authority that can be asked still insists on it, those of resolvers, which may be
 * old, do not count.  A look at which the record set was unknown, or at which not all findings fitted, counts
 * for nothing.
 *
 * No I/O; time is an argument.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CONFIRM_H
#define VD_CONFIRM_H

#include "dns/resolver.h"
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

/* Looks out of turn for one suspicion; after that it waits for the normal rounds.  A source that
   turns from good to bad is worth some more. */
#define VD_CONFIRM_LOOKS_MAX   12u
#define VD_CONFIRM_LOOKS_AGAIN 4u

/* Looks in vain at other resolvers after which the only one that answers is a single source; at
   authorities, after which they cannot speak for a record. */
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
    uint8_t severity;         /* enum vd_severity, of what was found last */
    uint8_t clean;            /* clean looks since the last bad one */
    uint8_t misses;           /* looks in vain at resolvers, while something is to be confirmed */
    uint8_t authority_misses; /* and at authorities */
    uint8_t looks;            /* looks that found what is to be confirmed */
    uint8_t wants;            /* looks out of turn that were asked for */
    uint16_t rtype;           /* of the record to mend: enum vd_rrtype */
    bool is_transitive;       /* it hangs on another domain's record (its path has a hop): an
                                 authority of this zone cannot speak for it */
    bool is_authority_due;    /* an authority is to be asked about it at the next look */
    bool is_divergent;        /* told as a divergence, which is still open; one of a record set */
    bool is_overdue;          /* and told again, when it had lasted for confirm_hold_ms */
    uint16_t bad, good;       /* sets of sources by what they said last; neither: not heard */
    uint16_t vain;            /* authorities that were asked and could not say */
    uint16_t insisting; /* authorities that found it when they were last asked, in any words */
    uint8_t seen[VD_PEERS_MAX];  /* looks in a row at which each source found it */
    uint8_t clear[VD_PEERS_MAX]; /* looks in a row at which each source did not */
    uint32_t candidate;          /* hash of the content that is to be confirmed */
    uint32_t told;               /* hash of the content that was told */
    uint64_t first_ms;           /* since when it is to be confirmed, or nobody says otherwise */
    uint64_t insisted_ms;        /* when an authority found it last */
};

enum vd_confirm_turn {
    VD_CONFIRM_OPENED,   /* an alert is believed */
    VD_CONFIRM_CLOSED,   /* back to the baseline or better */
    VD_CONFIRM_TOLD,     /* not an alert: a harmless or better state, believed; adopt it */
    VD_CONFIRM_DIVERGED, /* sources keep disagreeing about it: alert->bad against alert->good.  Once
                            more when it has lasted for confirm_hold_ms */
    VD_CONFIRM_AGREED    /* it is decided: dropped, or about to open.  Resolvers in alert->good are
                            outvoted by the authorities */
};

/*
 * Called from vd_confirm_look for each turn.  finding is NULL for CLOSED and AGREED, and for
 * DIVERGED at a look that did not find it.  subject: the record set as it stands now.
 *
 * VD_OK  it is written down.  Anything else: it is told again at the next look.
 */
typedef enum vd_status (*vd_confirm_fn)(void *ctx, enum vd_confirm_turn turn,
                                        const struct vd_alert *alert,
                                        const struct vd_finding *finding,
                                        const struct vd_subject *subject);

struct vd_confirm {
    uint32_t
        confirm_hold_ms;   /* how long a divergence holds a change back before it is told loudly */
    uint32_t lost;         /* findings that found no room in alerts[] */
    uint32_t contradicted; /* suspicions that other looks did not bear out */
    struct vd_alert alerts[VD_ALERTS_MAX];
};

/* No source: nobody was asked.  Whoever was asked and could not say is named. */
#define VD_SOURCE_NONE 0xffu

/*
 * Who spoke at one look, and who could.  Sources are places in the resolver's table; of several
 * with one address only the first is ever named here: they are one source.
 */
struct vd_look_sources {
    uint8_t of_subject[VD_SUBJECTS_MAX]; /* in the order of judgement->subjects.  An authority only
                                            if all of the subject's own answers are from it */
    uint8_t resolver;                    /* who answered for other domains' records */
    uint16_t resolvers;                  /* set of those that can be asked (not blind) */
    uint16_t authorities; /* set of addresses of this zone that can be asked; 0: unknown, or the
                              config says no */
};

enum vd_next_who {
    VD_NEXT_ANYONE = 0,
    VD_NEXT_ELSEWHERE, /* one resolver: not one of not_these; of those left, rather another than at
                          this look; if none is left, any */
    VD_NEXT_AUTHORITY  /* one authority that is not in not_these */
};

/* When the watch wants to be looked at again, and by whom. */
struct vd_next_look {
    bool is_wanted;     /* false: the normal interval will do */
    uint8_t who;        /* enum vd_next_who */
    uint16_t not_these; /* set of sources that need not be asked again now */
    uint32_t wait_ms;   /* from now; 0: at once */
};

void vd_confirm_init(struct vd_confirm *confirm, uint32_t confirm_hold_ms);

/*
 * Weigh one look.
 *
 * judgement  of the survey that has just ended.
 * sources    of its answers.
 * next       filled.
 */
void vd_confirm_look(struct vd_confirm *confirm, uint8_t watch_index, const struct vd_watch *watch,
                     const struct vd_judgement *judgement, const struct vd_look_sources *sources,
                     uint64_t now_ms, vd_confirm_fn tell, void *ctx, struct vd_next_look *next);

/*
 * What some sources said is void: their places hold other servers now, or they were found blind.
 *
 * watch_index  of one watch, or (-1) of all.
 */
void vd_confirm_forget(struct vd_confirm *confirm, int watch_index, uint16_t sources);

/* Authorities that contradict the greater number of them about a suspicion of this watch: their next
   word matters most. */
uint16_t vd_confirm_contradicting(const struct vd_confirm *confirm, uint8_t watch_index);

/* Alerts that are open, of all watches or (watch_index >= 0) of one. */
unsigned vd_confirm_open_count(const struct vd_confirm *confirm, int watch_index);

/* Alerts of one record set that are open. */
unsigned vd_confirm_open_of(const struct vd_confirm *confirm, uint8_t watch_index, uint8_t kind,
                            uint8_t index);

#endif
