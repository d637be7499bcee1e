/*
 * SMSC LAN9118 Ethernet (and LAN9220, LAN91xx of the same family), on a 32-bit bus.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LAN9118_H
#define VD_LAN9118_H

#include "port/port_nic.h"

struct vd_lan9118 {
    volatile uint8_t *base; /* of the register window; set by the board */
    uint32_t frame_status;  /* of the frame that pending has told of */
};

/* The driver's side of struct vd_nic; ctx is a struct vd_lan9118 with base set. */
enum vd_status vd_lan9118_start(void *ctx, uint8_t mac[6]);
bool vd_lan9118_is_link_up(void *ctx);
size_t vd_lan9118_pending(void *ctx);
void vd_lan9118_receive(void *ctx, uint8_t *buf, size_t len);
enum vd_status vd_lan9118_send(void *ctx, const uint8_t *frame, size_t len);

#endif
