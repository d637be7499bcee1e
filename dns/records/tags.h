/*
 * "tag=value; tag=value": the list that DKIM, DMARC and BIMI share (RFC 6376, section 3.2; RFC 9989,
 * section 4.8).
 *
 * Only takes the text apart, without copies; each record decides which tags it knows and what a
 * segment that breaks the grammar costs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TAGS_H
#define VD_TAGS_H

#include "dns/records/span.h"

/* What is left of a list: set up by vd_tags_start, moved on by vd_tags_next. */
struct vd_tags {
    struct vd_span rest;
    bool is_over;
};

/* One segment between semicolons.  Spans point into the text; blanks around them are cut off. */
struct vd_tag {
    struct vd_span name;
    struct vd_span value; /* blanks inside are kept */
    bool is_well_formed;  /* false: no '=', or a name that is none; name holds the whole segment */
};

/*
 * Does the text begin with v= and exactly this version, then its end or a semicolon?  Blanks are
 * allowed around "=" and behind, "V" in any case; nothing may stand in front (RFC 9989, section 4.7).
 */
bool vd_tags_is_version(struct vd_span text, const char *version);

void vd_tags_start(struct vd_tags *tags, struct vd_span text);

/*
 * The next segment.  An empty one ("; ;", or behind the last semicolon) is stepped over.
 *
 * Returns false when there are no more.
 */
bool vd_tags_next(struct vd_tags *tags, struct vd_tag *out);

#endif
