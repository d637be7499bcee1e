/*
 * Which build this is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_VERSION_H
#define VD_VERSION_H

#include <stdint.h>

extern const char vd_version[];      /* "0.1.0" */
extern const char vd_build_id[];     /* commit, short */
extern const int64_t vd_build_epoch; /* SOURCE_DATE_EPOCH: the commit's date, seconds since 1970 */

#endif
