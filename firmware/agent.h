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
#include "firmware/config.h"
#include "firmware/confirm.h"
#include "firmware/judge/judge.h"
#include "port/port.h"
#include "report/dispatch.h"

/* Rounds in a row in which a record set could not be looked at, until the watch is called blind. */
#define VD_BLIND_AFTER 3u

/* In vd_watch_run.blind: not all findings fit (VD_FINDINGS_MAX, VD_JUDGEMENT_BYTES_MAX). */
#define VD_BLIND_CUT 0x80000000u

/* Time between two look-ups of a collector's address. */
#define VD_ADDRESS_KEEP_MS 900000u

/* One watched domain at work. */
struct vd_watch_run {
    uint64_t due_ms;
    uint8_t servers; /* set that the next survey may ask */
    uint8_t first;   /* where it begins */
    uint8_t looks;   /* surveys done, up to 255 */
    uint32_t known;  /* set of vd_subject_bit: seen present, absent or broken before */
    uint32_t blind;  /* the same: told as blind */
    uint8_t unknown_rounds[VD_SUBJECTS_MAX]; /* in a row, by subject */
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

enum vd_job { VD_JOB_NONE = 0, VD_JOB_WATCH, VD_JOB_ADDRESS };

struct vd_agent {
    const struct vd_config *config;
    const char *device; /* what the reports call this box */
    uint8_t job;        /* enum vd_job: what the survey is at */
    uint8_t job_index;  /* watch or channel */
    uint8_t next_server;
    uint64_t boot_random; /* first half of event ids */
    struct vd_watch_run watches[VD_WATCHES_MAX];
    struct vd_address addresses[VD_CHANNELS_MAX];
    struct vd_channel channels[VD_CHANNELS_MAX];
    struct vd_resolver resolver;
    struct vd_survey survey;
    struct vd_judgement judgement;
    struct vd_facts baselines[VD_WATCHES_MAX];
    struct vd_confirm confirm;
    struct vd_journal journal;
    struct vd_dispatch dispatch;
};

/* The trust anchors of one channel, as they were read from the board's files. */
struct vd_trust {
    uint8_t bytes[VD_CA_BYTES_MAX + 1]; /* PEM with a final NUL */
    size_t len;                         /* the NUL counted */
};

/*
 * Set up.  config and trusts (one per channel) stay valid and unchanged.
 *
 * VD_OK          ready to poll.
 * VD_ENOENTROPY  no seed: do not start.
 */
enum vd_status vd_agent_init(struct vd_agent *agent, const struct vd_config *config,
                             const struct vd_trust *trusts, const struct vd_port *port);

/* One turn.  is_online: there is an address to send from.  Returns when to call again. */
uint64_t vd_agent_poll(struct vd_agent *agent, bool is_online, uint64_t now_ms);

/* Survey a watch now (watch_index < 0: all). */
void vd_agent_check(struct vd_agent *agent, int watch_index, uint64_t now_ms);

/* End all connections in order. */
void vd_agent_stop(struct vd_agent *agent);

#endif
