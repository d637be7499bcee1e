/*
 * lwIP on one NIC: netif, addresses, timers (lwIP's doc/NO_SYS_SampleCode.c is the model).
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/net.h"

#include "lwip/dhcp.h"
#include "lwip/dhcp6.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/nd6.h"
#include "lwip/netif.h"
#include "lwip/prot/ethernet.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "port/lwip/dns_servers.h"
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

/* lwIP counts the identification of IPv4 packets up, over all peers: whoever gets some of them knows
   how many went elsewhere.  A random one instead, and the checksum with it (RFC 1624). */
static void hide_ip_id(uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + SIZEOF_ETH_HDR;

    if (len < SIZEOF_ETH_HDR + 20u || frame[12] != 0x08 || frame[13] != 0x00) {
        return;
    }
    uint32_t id = LWIP_RAND() & 0xffffu;
    uint32_t old_id = (uint32_t)ip[4] << 8 | ip[5];
    uint32_t old_sum = (uint32_t)ip[10] << 8 | ip[11];
    uint32_t sum = (~old_sum & 0xffffu) + (~old_id & 0xffffu) + id;
    sum = (sum & 0xffffu) + (sum >> 16);
    sum = ~(sum + (sum >> 16));
    ip[4] = (uint8_t)(id >> 8);
    ip[5] = (uint8_t)id;
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
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
    hide_ip_id(frame, len);
    return the_nic->send(the_nic->ctx, frame, len) == VD_OK ? ERR_OK : ERR_MEM;
}

static err_t netif_start(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = link_output;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
    return ERR_OK;
}

static void report_address(const ip_addr_t *ip, bool is_there, bool *was_there, const char *how)
{
    struct vd_endpoint at;
    char text[VD_ENDPOINT_TEXT_MAX];

    if (is_there && !*was_there) {
        vd_lwip_endpoint(ip, 0, &at);
        vd_console_line("net: %s (%s)", vd_endpoint_text(&at, false, text), how);
    } else if (!is_there && *was_there) {
        vd_console_line("net: address lost (%s)", how);
    }
    *was_there = is_there;
}

/* One that others than our neighbours answer to; it may be old, it must not be in doubt. */
static bool is_far_ip6(s8_t i)
{
    return ip6_addr_isvalid(netif_ip6_addr_state(&the_netif, i)) &&
           !ip6_addr_islinklocal(netif_ip6_addr(&the_netif, i));
}

/* Called when any address of the netif has changed. */
static void on_status(struct netif *netif)
{
    static bool had_ip4;
    static bool had_ip6[LWIP_IPV6_NUM_ADDRESSES];
    static ip4_addr_t last_ip4;
    bool has_ip4 = !ip4_addr_isany_val(*netif_ip4_addr(netif));

    if (had_ip4 && !has_ip4) {
        vd_lwip_dns_servers_drop_lease();
    }
    had_ip4 = had_ip4 && ip4_addr_eq(&last_ip4, netif_ip4_addr(netif));
    last_ip4 = *netif_ip4_addr(netif);
    report_address(netif_ip_addr4(netif), has_ip4, &had_ip4, "DHCP");
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        report_address(netif_ip_addr6(netif, i), is_far_ip6(i), &had_ip6[i], "SLAAC");
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

/* The link-local address at once, others as routers announce prefixes (RFC 4862); resolvers by
   stateless DHCPv6 if they say so (RFC 8415, section 6.1). */
static enum vd_status start_ip6(struct netif *netif)
{
    static struct dhcp6 dhcp6;

    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
    dhcp6_set_struct(netif, &dhcp6);
    return dhcp6_enable_stateless(netif) == ERR_OK ? VD_OK : VD_EIO;
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
    if (dhcp_start(&the_netif) != ERR_OK) {
        return VD_EIO;
    }
    return start_ip6(&the_netif);
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

/*
 * The next cable may lead to another network: its routers, prefixes and hosts have other addresses,
 * or the same ones and other MACs.  The link-local address is checked anew there (RFC 4862,
 * section 5.4); the IPv4 address DHCP asks for again, and it does not count until it is confirmed.
 */
static void forget_network(void)
{
    for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        netif_ip6_addr_set_state(&the_netif, i, IP6_ADDR_INVALID);
    }
    netif_ip6_addr_set_state(&the_netif, 0, IP6_ADDR_TENTATIVE);
    nd6_cleanup_netif(&the_netif);
    etharp_cleanup_netif(&the_netif);
    vd_lwip_dns_servers_drop_all();
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
        forget_network();
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

/* lwIP keeps the address of the last network until DHCP gives another or says no; a server that is
   silent says neither. */
static bool has_ip4(void)
{
    return !ip4_addr_isany_val(*netif_ip4_addr(&the_netif)) &&
           dhcp_supplied_address(&the_netif) != 0;
}

bool vd_lwip_is_online(void)
{
    bool has_address = has_ip4();

    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        has_address = has_address || is_far_ip6(i);
    }
    return netif_is_link_up(&the_netif) && has_address;
}

bool vd_lwip_can_reach(const ip_addr_t *ip)
{
    const ip_addr_t *from = ip_netif_get_local_ip(&the_netif, ip);

    if (!netif_is_link_up(&the_netif) || from == NULL || ip_addr_isany(from) ||
        (IP_IS_V4(ip) && !has_ip4())) {
        return false;
    }
    /* lwIP takes a link-local one for want of a better. */
    return IP_IS_V4(ip) || ip6_addr_islinklocal(ip_2_ip6(ip)) ||
           !ip6_addr_islinklocal(ip_2_ip6(from));
}

const char *vd_lwip_device_id(void)
{
    return device_id;
}

enum vd_status vd_lwip_addr(const struct vd_endpoint *at, ip_addr_t *out)
{
    ip_addr_t ip;

    memset(&ip, 0, sizeof(ip));
    if (at->family == VD_FAMILY_IP4) {
        IP_ADDR4(&ip, at->addr[0], at->addr[1], at->addr[2], at->addr[3]);
        if (at->addr[0] == 0 || at->addr[0] >= 224) { /* also the reserved ones, and broadcast */
            return VD_EINVAL;
        }
    } else if (at->family == VD_FAMILY_IP6) {
        IP_SET_TYPE_VAL(ip, IPADDR_TYPE_V6);
        memcpy(ip_2_ip6(&ip)->addr, at->addr, 16);
        if (ip_addr_isany_val(ip) || ip_addr_ismulticast(&ip) ||
            ip6_addr_isipv4mappedipv6(ip_2_ip6(&ip))) {
            return VD_EINVAL;
        }
    } else {
        return VD_EINVAL;
    }
    *out = ip;
    return VD_OK;
}

void vd_lwip_endpoint(const ip_addr_t *ip, uint16_t port, struct vd_endpoint *out)
{
    *out = (struct vd_endpoint){.family = VD_FAMILY_IP4, .port = port};
    if (IP_IS_V6(ip)) {
        out->family = VD_FAMILY_IP6;
        memcpy(out->addr, ip_2_ip6(ip)->addr, 16);
    } else {
        memcpy(out->addr, &ip_2_ip4(ip)->addr, 4);
    }
}
