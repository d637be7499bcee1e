/*
 * "Did you mean ...?"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_NEAREST_H
#define VD_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Could word be known, misspelt?  One edit is allowed in a short word, two from five characters
 * on; two neighbours that changed places are one edit, and upper case is none.
 *
 * word, len   untrusted; not NUL-terminated.
 * known       lower case.
 * edits       the number of edits, when the answer is yes.
 */
bool vd_nearest_is_close(const char *word, size_t len, const char *known, unsigned *edits);

#endif
