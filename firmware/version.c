/*
 * Which build this is: the Makefile gives the three values.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/version.h"

const char vd_version[] = VD_VERSION;
const char vd_build_id[] = VD_BUILD_ID;
const int64_t vd_build_epoch = VD_BUILD_EPOCH;
