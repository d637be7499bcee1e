/*
 * Addresses, as every contract below the agent writes them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_NET_H
#define VD_PORT_NET_H

#include "port/port_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any address with port as text: "[2001:db8::1]:65535" and its NUL. */
#define VD_ENDPOINT_TEXT_MAX 56u

enum vd_family { VD_FAMILY_NONE = 0, VD_FAMILY_IP4 = 4, VD_FAMILY_IP6 = 6 };

/* A transport address.  addr is in network order; IPv4 uses the first 4 bytes. */
struct vd_endpoint {
    uint8_t family; /* enum vd_family */
    uint16_t port;
    uint8_t addr[16];
};

bool vd_endpoint_is_equal(const struct vd_endpoint *a, const struct vd_endpoint *b);

/*
 * Read "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353".
 *
 * text, len      need not be NUL-terminated; untrusted.
 * default_port   used where the text has none.
 *
 * VD_OK       out is filled.
 * VD_EFORMAT  not an address; out is untouched.
 */
enum vd_status vd_endpoint_parse(const char *text, size_t len, uint16_t default_port,
                                 struct vd_endpoint *out);

/* Write as text (IPv6 per RFC 5952).  out has VD_ENDPOINT_TEXT_MAX bytes.  Returns out. */
char *vd_endpoint_text(const struct vd_endpoint *at, bool with_port, char *out);

#endif
