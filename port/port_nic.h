/*
 * An Ethernet chip, as a driver in port/drivers/ offers it to the stack.
 *
 * Polled: the loop asks for frames; no driver needs an interrupt.  Frames are without CRC.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_NIC_H
#define VD_PORT_NIC_H

#include "port/port_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VD_NIC_FRAME_MAX 1514u /* Ethernet header and 1500 bytes */

struct vd_nic {
    void *ctx; /* the driver's own: base address and state, owned by the board */

    /* Reset and start the chip; mac is filled from it.  VD_EIO: not there, or does not answer. */
    enum vd_status (*start)(void *ctx, uint8_t mac[6]);

    bool (*is_link_up)(void *ctx);

    /* Length of the next received frame, 0 if there is none.  Damaged frames are skipped. */
    size_t (*pending)(void *ctx);

    /* Take that frame.  buf holds at least the length that pending told. */
    void (*receive)(void *ctx, uint8_t *buf, size_t len);

    /* Send one frame.  VD_AGAIN: no room in the chip now; the frame is dropped by the caller. */
    enum vd_status (*send)(void *ctx, const uint8_t *frame, size_t len);
};

#endif
