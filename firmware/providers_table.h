/*
 * The built-in rows of the table of providers; providers.c's, nobody else's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PROVIDERS_TABLE_H
#define VD_PROVIDERS_TABLE_H

#include "firmware/providers.h"

/* Rows of vd_providers_table; one byte of a watch names a row of it or of the configuration. */
#define VD_PROVIDERS_TABLE_ROWS 30u

extern const struct vd_provider vd_providers_table[VD_PROVIDERS_TABLE_ROWS];

_Static_assert(VD_PROVIDERS_TABLE_ROWS + VD_PROVIDERS_OWN_MAX < 255,
               "vd_dkim_group.provider has 8 bits");

#endif
