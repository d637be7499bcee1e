/*
 * The judge and nothing else, linked for a board: so that its stack can be read off the machine code.
 * Never run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge.h"

static struct vd_snapshot snapshot;
static struct vd_facts baseline;
static struct vd_judgement judgement;
static struct vd_watch watch;

int main(void)
{
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    return judgement.findings_count;
}
