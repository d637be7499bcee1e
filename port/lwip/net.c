/*
 * lwIP on one NIC: netif, DHCP, timers (lwIP's doc/NO_SYS_SampleCode.c is the model).
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/net.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "port/port_board.h"
#include "port/port_console.h"

#include <string.h>

/* Frames taken in one turn: a flood must not starve the timers. */
#define FRAMES_PER_TURN 16u

/* The PHY is asked over a slow serial bus. */
#define LINK_CHECK_MS 250u

static struct netif the_netif;
static const struct vd_nic *the_nic;
static char device_id[13];

u32_t sys_now(void)
{
    return (u32_t)vd_board_ms();
}

/* lwIP hands over a chain of buffers; the chip wants one frame. */
static err_t link_output(struct netif *netif, struct pbuf *p)
{
    static uint8_t frame[VD_NIC_FRAME_MAX];

    (void)netif;
    u16_t len = pbuf_copy_partial(p, frame, sizeof(frame), 0);
    if (len != p->tot_len) {
        return ERR_BUF;
    }
    return the_nic->send(the_nic->ctx, frame, len) == VD_OK ? ERR_OK : ERR_MEM;
}

static err_t netif_start(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
    netif->linkoutput = link_output;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    return ERR_OK;
}

static void on_status(struct netif *netif)
{
    static bool had_address;

    if (!ip4_addr_isany_val(*netif_ip4_addr(netif))) {
        char text[IP4ADDR_STRLEN_MAX];
        ip4addr_ntoa_r(netif_ip4_addr(netif), text, sizeof(text));
        vd_console_line("net: %s (DHCP)", text);
        had_address = true;
    } else if (had_address) {
        vd_console_line("net: address lost");
        had_address = false;
    }
}

static void format_device_id(const uint8_t mac[6])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < 6; i++) {
        device_id[2 * i] = hex[mac[i] >> 4];
        device_id[2 * i + 1] = hex[mac[i] & 0xf];
    }
}

enum vd_status vd_lwip_start(const struct vd_nic *nic)
{
    uint8_t mac[6];

    the_nic = nic;
    if (nic->start(nic->ctx, mac) != VD_OK) {
        vd_console_line("net: the Ethernet chip does not answer");
        return VD_EIO;
    }
    format_device_id(mac);
    lwip_init();
    if (netif_add_noaddr(&the_netif, NULL, netif_start, ethernet_input) == NULL) {
        return VD_EIO;
    }
    memcpy(the_netif.hwaddr, mac, sizeof(mac));
    the_netif.hwaddr_len = sizeof(mac);
    netif_set_default(&the_netif);
    netif_set_status_callback(&the_netif, on_status);
    netif_set_up(&the_netif);
    return dhcp_start(&the_netif) == ERR_OK ? VD_OK : VD_EIO;
}

static void take_frame(size_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);

    if (p == NULL || p->next != NULL) {
        /* No buffer, or one that is not in one piece (see PBUF_POOL_BUFSIZE): drop the frame. */
        static uint8_t sink[VD_NIC_FRAME_MAX];
        the_nic->receive(the_nic->ctx, sink, len);
        if (p != NULL) {
            pbuf_free(p);
        }
        return;
    }
    the_nic->receive(the_nic->ctx, p->payload, len);
    if (the_netif.input(p, &the_netif) != ERR_OK) {
        pbuf_free(p);
    }
}

static void check_link(void)
{
    static uint64_t next_ms;

    if (vd_board_ms() < next_ms) {
        return;
    }
    next_ms = vd_board_ms() + LINK_CHECK_MS;
    bool is_up = the_nic->is_link_up(the_nic->ctx);
    if (is_up && !netif_is_link_up(&the_netif)) {
        netif_set_link_up(&the_netif);
    } else if (!is_up && netif_is_link_up(&the_netif)) {
        vd_console_line("net: link down");
        netif_set_link_down(&the_netif);
    }
}

void vd_lwip_turn(void)
{
    check_link();
    for (unsigned i = 0; i < FRAMES_PER_TURN; i++) {
        size_t len = the_nic->pending(the_nic->ctx);
        if (len == 0) {
            break;
        }
        take_frame(len);
    }
    sys_check_timeouts();
}

bool vd_lwip_is_online(void)
{
    return netif_is_link_up(&the_netif) && !ip4_addr_isany_val(*netif_ip4_addr(&the_netif));
}

const char *vd_lwip_device_id(void)
{
    return device_id;
}

enum vd_status vd_lwip_addr(const struct vd_endpoint *at, ip_addr_t *out)
{
    if (at->family != VD_FAMILY_IP4) {
        return VD_EINVAL;
    }
    IP_ADDR4(out, at->addr[0], at->addr[1], at->addr[2], at->addr[3]);
    return VD_OK;
}
