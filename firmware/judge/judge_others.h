/*
 * What the files of MX and of the other record sets share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JUDGE_OTHERS_H
#define VD_JUDGE_OTHERS_H

#include "firmware/judge/judge_words.h"

/* Put a finding on the list; the summaries of then and now, unless it has words of its own. */
void vd_other_add(const struct vd_case *at, struct vd_finding *finding, const char *subject);

/* The same for one that needs nothing more. */
void vd_other_tell(const struct vd_case *at, enum vd_code code, const char *subject);

/* Where the first MX host that is a CNAME leads in the end, with the host in *host; NULL: none is. */
const char *vd_mx_alias(const struct vd_snapshot *snapshot, const char *domain, const char **host);

void vd_judge_ns(const struct vd_case *at);
void vd_judge_ds(const struct vd_case *at);

/* Short descriptions of known record sets. */
const char *vd_ns_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);
const char *vd_ds_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);

#endif
