/*
 * The agent: what is due is surveyed, judged, confirmed, written down and sent.
 *
 * One survey at a time; its snapshot and judgement are the big pieces of RAM.  Nothing blocks:
 * vd_agent_poll does a bounded amount of work and says when it wants to be called again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_AGENT_H
#define VD_AGENT_H

#include "dns/survey.h"
#include "firmware/attend.h"
#include "firmware/authority.h"
#include "firmware/baseline.h"
#include "firmware/config.h"
#include "firmware/confirm.h"
#include "firmware/judge/judge.h"
#include "firmware/parent.h"
#include "firmware/paths.h"
#include "firmware/tell.h"
#include "firmware/tree.h"
#include "port/port.h"
#include "report/dispatch.h"

/* In vd_watch_run.blind: not all findings fit (VD_FINDINGS_MAX, VD_JUDGEMENT_BYTES_MAX). */
#define VD_BLIND_CUT 0x80000000u

/* Time between two look-ups of a collector's address. */
#define VD_ADDRESS_KEEP_MS 900000u

/* One watched domain at work. */
struct vd_watch_run {
    uint64_t due_ms;      /* of the next look */
    uint64_t round_ms;    /* of the next normal round */
    uint8_t who;          /* enum vd_next_who: whom the next look asks */
    uint16_t not_these;   /* sources that it need not ask */
    uint8_t first;        /* resolver where the next round begins */
    uint8_t last;         /* source where the last look began */
    uint8_t looks;        /* surveys done, up to 255 */
    bool is_unresolvable; /* told: every resolver fails for the domain */
    uint64_t unknown_ms;  /* first of the rounds in a row at which something was unknown; 0: none */
    bool has_baseline;
    struct vd_shown shown;
    struct vd_tree tree;
    uint32_t blind;                          /* set of vd_subject_bit: told as blind */
    uint8_t unknown_rounds[VD_SUBJECTS_MAX]; /* in a row, by vd_subject_place */
    uint8_t cut_rounds;                      /* in a row, in which not all findings fitted */
};

/* The address of one channel's host. */
struct vd_address {
    struct vd_endpoint at; /* the last one found; family NONE: never */
    uint64_t due_ms;       /* of the next look-up */
    bool is_literal;       /* the host is an address: nothing to look up */
    bool is_wanted;
    bool has_failed; /* the last look-up did, and no address is known; told to the channel once */
};

/* What the survey is at. */
enum vd_job {
    VD_JOB_NONE = 0,
    VD_JOB_WATCH,       /* job_index: watch */
    VD_JOB_ADDRESS,     /* channel */
    VD_JOB_PATH,        /* resolver */
    VD_JOB_AUTHORITIES, /* watch */
    VD_JOB_REGISTRY,    /* none: who speaks for the parent of agent.parent's domain at work */
    VD_JOB_PARENT       /* none: what one of those says of it */
};

struct vd_agent {
    const struct vd_config *config;
    const char *device; /* what the reports call this box */
    uint8_t job;        /* enum vd_job */
    uint8_t job_index;
    uint8_t job_who;   /* enum vd_next_who, of a look at a watch */
    uint8_t job_first; /* resolver where it began */
    uint8_t next_server;
    bool is_blind_told;   /* an event says that no resolver can be used */
    uint64_t alone_ms;    /* since when no resolver is known; 0: some is */
    uint64_t boot_random; /* first half of event ids */
    struct vd_watch_run watches[VD_WATCHES_MAX];
    struct vd_authorities authorities[VD_WATCHES_MAX];
    struct vd_parent parent;
    struct vd_address addresses[VD_CHANNELS_MAX];
    struct vd_channel channels[VD_CHANNELS_MAX];
    struct vd_paths paths;
    struct vd_resolver resolver;
    struct vd_cache cache;
    struct vd_name zone; /* apex of the authorities that the table holds now */
    struct vd_survey survey;
    struct vd_judgement judgement;
    struct vd_facts baselines[VD_WATCHES_MAX];
    struct vd_confirm confirm;
    struct vd_flaps flaps;
    struct vd_journal journal;
    struct vd_dispatch dispatch;
};

/* The trust anchors of one channel, as they were read from the board's files. */
struct vd_trust {
    uint8_t bytes[VD_CA_BYTES_MAX + 1]; /* PEM with a final NUL */
    size_t len;                         /* the NUL counted */
};

/*
 * Set up.  config and trusts stay valid and unchanged.
 *
 * trusts     one per channel.
 * dns_trust  for tls:// resolvers; NULL: none has a name to verify.
 *
 * VD_OK          ready to poll.
 * VD_ENOENTROPY  no seed: do not start.
 */
enum vd_status vd_agent_init(struct vd_agent *agent, const struct vd_config *config,
                             const struct vd_trust *trusts, const struct vd_trust *dns_trust,
                             const struct vd_port *port);

/* One turn.  is_online: there is an address to send from.  Returns when to call again. */
uint64_t vd_agent_poll(struct vd_agent *agent, bool is_online, uint64_t now_ms);

/* Survey a watch now (watch_index < 0: all). */
void vd_agent_check(struct vd_agent *agent, int watch_index, uint64_t now_ms);

/* Reminders of an open alert stop.  VD_ENOTFOUND: none has this number. */
enum vd_status vd_agent_ack(struct vd_agent *agent, uint32_t number);

/*
 * What an open alert speaks of is the new normal, if it still says so at a look that is taken at
 * once.  VD_ENOTFOUND: none has this number.
 */
enum vd_status vd_agent_accept(struct vd_agent *agent, uint32_t number, uint64_t now_ms);

/* Give an event its number, id and time, and write it into the journal. */
enum vd_status vd_agent_write_down(struct vd_agent *agent, struct vd_event *event);

/* What events about a watch are made from. */
struct vd_tell vd_agent_tell(const struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms);

/* The first place in the table with the same address: several ways to one address are one source. */
uint8_t vd_agent_source_of(const struct vd_agent *agent, uint8_t place);

/* End all connections in order. */
void vd_agent_stop(struct vd_agent *agent);

#endif
