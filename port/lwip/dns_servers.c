/*
 * Resolvers named by the network.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/dns_servers.h"

#include "port/lwip/net.h"
#include "port/port_clock.h"

#include "lwip/dns.h"
#include "lwip/prot/dhcp.h"

#include <string.h>

#define DNS_PORT      53u
#define FOREVER_S     UINT32_MAX
#define FOREVER_MS    UINT64_MAX
#define MS_PER_SECOND 1000u

enum source { FROM_DHCP, FROM_RA, FROM_DHCP6, SOURCES };

struct server {
    ip_addr_t ip; /* unspecified: free */
    uint64_t until_ms;
};

static struct server servers[SOURCES][DNS_MAX_SERVERS];

static void drop(enum source source)
{
    memset(servers[source], 0, sizeof(servers[source]));
}

static bool is_there(const struct server *server)
{
    return !ip_addr_isany(&server->ip) && vd_clock_ms() < server->until_ms;
}

void vd_lwip_dhcp_option(u8_t state, u8_t msg_type, u8_t option, u8_t len, const struct pbuf *p,
                         u16_t offset)
{
    bool is_asked = state == DHCP_STATE_REQUESTING || state == DHCP_STATE_REBOOTING ||
                    state == DHCP_STATE_RENEWING || state == DHCP_STATE_REBINDING;

    /* The type comes first in practice, but need not. */
    if (option != DHCP_OPTION_DNS_SERVER || !is_asked || (msg_type != DHCP_ACK && msg_type != 0)) {
        return;
    }
    drop(FROM_DHCP);
    for (size_t i = 0; i < DNS_MAX_SERVERS && 4 * i + 4 <= len; i++) {
        uint8_t octets[4];
        u16_t at = (u16_t)(offset + 4 * i);
        if (pbuf_copy_partial(p, octets, sizeof(octets), at) != sizeof(octets)) {
            return;
        }
        IP_ADDR4(&servers[FROM_DHCP][i].ip, octets[0], octets[1], octets[2], octets[3]);
        servers[FROM_DHCP][i].until_ms = FOREVER_MS; /* until the lease is dropped */
    }
}

static struct server *find_ra(const ip_addr_t *ip)
{
    for (size_t i = 0; i < DNS_MAX_SERVERS; i++) {
        struct server *at = &servers[FROM_RA][i];
        if (is_there(at) && ip_addr_eq(&at->ip, ip)) {
            return at;
        }
    }
    return NULL;
}

/*
 * A place for a new one: free, or of the one that ends first, if the new one lives longer.  Of those
 * that end together the last goes: they are named in order of preference (RFC 8106, section 5.3.1).
 * The clock may go on between two servers of one advertisement.
 */
static struct server *find_ra_place(uint64_t until_ms)
{
    struct server *first = &servers[FROM_RA][0];

    for (size_t i = 0; i < DNS_MAX_SERVERS; i++) {
        struct server *at = &servers[FROM_RA][i];
        if (!is_there(at)) {
            return at;
        }
        if (at->until_ms < first->until_ms || at->until_ms - first->until_ms < MS_PER_SECOND) {
            first = at;
        }
    }
    bool is_longer = until_ms > first->until_ms && until_ms - first->until_ms >= MS_PER_SECOND;
    return is_longer ? first : NULL;
}

void vd_lwip_ra_server(const ip_addr_t *ip, u32_t lifetime_s)
{
    struct server *at = find_ra(ip);
    uint64_t until_ms =
        lifetime_s == FOREVER_S ? FOREVER_MS : vd_clock_ms() + (uint64_t)lifetime_s * MS_PER_SECOND;

    if (lifetime_s == 0) {
        if (at != NULL) {
            memset(at, 0, sizeof(*at));
        }
        return;
    }
    at = at != NULL ? at : find_ra_place(until_ms);
    if (at != NULL) {
        *at = (struct server){.ip = *ip, .until_ms = until_ms};
    }
}

void vd_lwip_dhcp6_server(u8_t place, const ip_addr_t *ip)
{
    if (place == 0) {
        drop(FROM_DHCP6);
    }
    if (place < DNS_MAX_SERVERS) {
        servers[FROM_DHCP6][place].ip = *ip;
        servers[FROM_DHCP6][place].until_ms = FOREVER_MS;
    }
}

void vd_lwip_dns_servers_drop_lease(void)
{
    drop(FROM_DHCP);
}

void vd_lwip_dns_servers_drop_all(void)
{
    drop(FROM_DHCP);
    drop(FROM_RA);
    drop(FROM_DHCP6);
}

static bool has_one(const struct vd_endpoint *list, size_t count, const struct vd_endpoint *at)
{
    for (size_t i = 0; i < count; i++) {
        if (vd_endpoint_is_equal(&list[i], at)) {
            return true;
        }
    }
    return false;
}

size_t vd_lwip_dns_servers(struct vd_endpoint *out, size_t max)
{
    size_t count = 0;

    for (size_t place = 0; place < DNS_MAX_SERVERS; place++) {
        for (size_t source = 0; source < SOURCES && count < max; source++) {
            const struct server *server = &servers[source][place];
            struct vd_endpoint at;
            ip_addr_t ip;
            if (!is_there(server)) {
                continue;
            }
            vd_lwip_endpoint(&server->ip, DNS_PORT, &at);
            if (vd_lwip_addr(&at, &ip) == VD_OK && vd_lwip_can_reach(&ip) &&
                !has_one(out, count, &at)) {
                out[count++] = at;
            }
        }
    }
    return count;
}
