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
 * old, do not count.  A look at which what the alert speaks of was unknown, or at which not all
 * findings fitted, counts for nothing.
 *
 * What was wrong at first contact is part of the baseline soon after, and is found no more: such an
 * alert stays open while its facet says the same as then, or is judged the same as at first contact
 * (vd_confirm_has_drifted).
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
    VD_ALERT_TOLD /* no alert, or an accepted one: kept until it is found no more, not to tell it
                     again */
};

/* What the registry says of an alert's domain that appears unregistered (parent.h). */
enum vd_parent_verdict {
    VD_PARENT_NONE = 0,  /* not asked */
    VD_PARENT_AWAITED,   /* the alert waits for it */
    VD_PARENT_CONFIRMED, /* it is not there */
    VD_PARENT_REFUTED,   /* it is */
    VD_PARENT_SILENT     /* it could not be asked */
};

/* Its identity is (watch, code, kind, index). */
struct vd_alert {
    uint8_t state; /* enum vd_alert_state */
    uint8_t watch;
    uint8_t code; /* enum vd_code */
    uint8_t kind; /* enum vd_subject_kind */
    uint8_t index;
    uint8_t severity;          /* enum vd_severity, of what was found last */
    uint8_t clean;             /* clean looks since the last bad one */
    uint8_t misses;            /* looks in vain at resolvers, while something is to be confirmed */
    uint8_t authority_misses;  /* and at authorities */
    uint8_t looks;             /* looks that found what is to be confirmed */
    uint8_t wants;             /* looks out of turn that were asked for */
    uint8_t parent;            /* enum vd_parent_verdict.  These two are the agent's: */
    uint8_t parent_at;         /* place of the domain in struct vd_parent */
    bool is_transitive : 1;    /* it hangs on another domain's record (its path has a hop): an
                                  authority of this zone cannot speak for it */
    bool is_authority_due : 1; /* an authority is to be asked about it at the next look */
    bool is_divergent : 1;     /* told as a divergence, which is still open; one of a record set */
    bool is_overdue : 1;       /* and told again, when it had lasted for confirm_hold_ms */
    bool is_first : 1;         /* found at first contact, with first_content */
    bool is_held : 1;          /* believed, but to be told later, if it is still so (VD_AGAIN of
                                  tell).  These three are the agent's: */
    bool is_planned : 1;       /* meanwhile told as planned */
    bool is_acked : 1;         /* no reminders */
    bool is_accepting : 1;     /* to be accepted at the next look, if it still says what was told */
    uint16_t rtype;            /* of the record to mend: enum vd_rrtype */
    uint16_t number;           /* what people call an open alert, or one that is about to open; 0:
                                  neither */
    uint16_t bad, good;        /* sets of sources by what they said last; neither: not heard */
    uint16_t vain;             /* authorities that were asked and could not say */
    uint16_t insisting; /* authorities that found it when they were last asked, in any words */
    uint8_t seen[VD_PEERS_MAX];  /* looks in a row at which each source found it */
    uint8_t clear[VD_PEERS_MAX]; /* looks in a row at which each source did not */
    uint32_t candidate;          /* hash of the content that is to be confirmed */
    uint32_t told;               /* hash of the content that was told */
    uint32_t first_content;
    uint32_t opened_s;    /* since start */
    uint32_t told_s;      /* the last time */
    uint32_t seen_s;      /* when a look found it last, or found it as it was at first contact */
    uint64_t first_ms;    /* since when it is to be confirmed, or nobody says otherwise */
    uint64_t insisted_ms; /* when an authority found it last */
};

enum vd_confirm_turn {
    VD_CONFIRM_OPENED,   /* an alert is believed */
    VD_CONFIRM_CLOSED,   /* back to the baseline or better */
    VD_CONFIRM_TOLD,     /* not an alert: a harmless or better state, believed; adopt its facet */
    VD_CONFIRM_DIVERGED, /* sources keep disagreeing about it: alert->bad against alert->good.  Once
                            more when it has lasted for confirm_hold_ms */
    VD_CONFIRM_AGREED    /* it is decided: dropped, or about to open.  Resolvers in alert->good are
                            outvoted by the authorities */
};

/*
 * Called from vd_confirm_look for each turn.  finding is NULL for CLOSED and AGREED, and for
 * DIVERGED at a look that did not find it.  subject: the record set as it stands now.
 *
 * VD_OK     it is written down.
 * VD_OTHER  of OPENED: it was accepted, and is no alert.
 * VD_AGAIN  of OPENED and TOLD: it is held; asked again at every look that finds it.
 *           vd_confirm_settle ends that, too.
 * Anything else: it is told again at the next look.
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
    uint16_t last_number;  /* given to an alert */
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

/* The alert that a finding of this watch belongs to; NULL: none. */
struct vd_alert *vd_confirm_of(struct vd_confirm *confirm, uint8_t watch_index,
                               const struct vd_judgement *judgement,
                               const struct vd_finding *finding);

/* An open alert by its number; NULL: none. */
struct vd_alert *vd_confirm_numbered(struct vd_confirm *confirm, uint32_t number);

/*
 * An alert is told with what this finding says: as an open one, or (VD_ALERT_TOLD) as what is no
 * alert.  For whoever answered VD_AGAIN; and to end an open one that was accepted.
 *
 * finding  NULL: what was told last.
 */
void vd_confirm_settle(struct vd_confirm *confirm, struct vd_alert *alert,
                       const struct vd_finding *finding, enum vd_alert_state state,
                       uint64_t now_ms);

/*
 * Does an open alert of first contact speak of a facet that says something else by now?  A number in
 * it may have drifted, and it is as wrong as it was: judge the snapshot as at first contact, and pass
 * that to vd_confirm_take_first before the look is weighed.
 */
bool vd_confirm_has_drifted(const struct vd_confirm *confirm, uint8_t watch_index,
                            const struct vd_facts *facts);
void vd_confirm_take_first(struct vd_confirm *confirm, uint8_t watch_index,
                           const struct vd_judgement *judgement);

/* What this facet says was accepted: it is not held against what was found at first contact any more. */
void vd_confirm_moved(struct vd_confirm *confirm, uint8_t watch_index,
                      const struct vd_subject *subject, uint8_t facet);

/* Is something in doubt that was found at first contact, and looked after?  What is held is not. */
bool vd_confirm_is_first_doubted(const struct vd_confirm *confirm, uint8_t watch_index);

/* Is something of a record set, found at first contact, not told yet: in doubt, or held?  Until then
   it must not be compared with itself. */
bool vd_confirm_is_first_untold(const struct vd_confirm *confirm, uint8_t watch_index,
                                const struct vd_subject *subject);

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
