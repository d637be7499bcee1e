/*
 * What the machine says of itself: its name servers, its addresses, its identity.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/posix.h"

#include "mbedtls/sha256.h"

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Longest line of resolv.conf that is looked at, and how many lines. */
#define LINE_MAX_BYTES 256
#define LINES_MAX      256u

/* ---- name servers ------------------------------------------------------------------------ */

/*
 * The address of a "nameserver" line (resolv.conf(5)).  One with a zone ("fe80::1%eth0") is left
 * out: an endpoint has no room for the zone.
 */
static bool parse_line(const char *line, struct vd_endpoint *out)
{
    static const char word[] = "nameserver";
    static const char blanks[] = " \t\r\n";

    line += strspn(line, blanks);
    if (strncmp(line, word, sizeof(word) - 1) != 0) {
        return false;
    }
    line += sizeof(word) - 1;
    size_t gap = strspn(line, blanks);
    size_t len = strcspn(line + gap, blanks);
    return gap > 0 && vd_endpoint_parse(line + gap, len, 53, out) == VD_OK;
}

static bool is_among(const struct vd_endpoint *list, size_t count, const struct vd_endpoint *one)
{
    for (size_t i = 0; i < count; i++) {
        if (vd_endpoint_is_equal(&list[i], one)) {
            return true;
        }
    }
    return false;
}

size_t vd_posix_dns_servers_of(const char *path, struct vd_endpoint *out, size_t max)
{
    char line[LINE_MAX_BYTES];
    size_t count = 0;

    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    for (unsigned i = 0; i < LINES_MAX && count < max && fgets(line, sizeof(line), file); i++) {
        struct vd_endpoint at;
        if (parse_line(line, &at) && !is_among(out, count, &at)) {
            out[count++] = at;
        }
    }
    (void)fclose(file);
    return count;
}

/* ---- addresses --------------------------------------------------------------------------- */

static bool is_usable(const struct sockaddr *address)
{
    if (address == NULL) {
        return false;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, address, sizeof(ip6));
        return !IN6_IS_ADDR_LINKLOCAL(&ip6.sin6_addr);
    }
    return address->sa_family == AF_INET;
}

/* A machine with loopback only, as in a test, talks to itself: there loopback is its network. */
bool vd_posix_has_address(void)
{
    struct ifaddrs *all;
    bool has_nic = false;
    bool has_loopback = false;
    bool has_address = false;

    if (getifaddrs(&all) != 0) {
        return false;
    }
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if ((one->ifa_flags & IFF_UP) == 0) {
            continue;
        }
        if ((one->ifa_flags & IFF_LOOPBACK) != 0) {
            has_loopback = has_loopback || is_usable(one->ifa_addr);
            continue;
        }
        has_nic = true;
        has_address =
            has_address || ((one->ifa_flags & IFF_RUNNING) != 0 && is_usable(one->ifa_addr));
    }
    freeifaddrs(all);
    return has_address || (!has_nic && has_loopback);
}

/* ---- identity ---------------------------------------------------------------------------- */

static void put_hex(const uint8_t bytes[6], char out[13])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < 6; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 0xf];
    }
    out[12] = '\0';
}

/* True for an address that is burnt in: one that software chose may be another tomorrow. */
static bool is_permanent(const char *name)
{
    char path[64 + IF_NAMESIZE];
    int kind = -1;

    (void)snprintf(path, sizeof(path), "/sys/class/net/%s/addr_assign_type", name);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%d", &kind) != 1) {
            kind = -1;
        }
        (void)fclose(file);
    }
    return kind == 0;
}

/* Of the NIC with the lowest index. */
static bool find_mac(uint8_t mac[6])
{
    struct ifaddrs *all;
    int lowest = 0;

    if (getifaddrs(&all) != 0) {
        return false;
    }
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        struct sockaddr_ll link;
        if (one->ifa_addr == NULL || one->ifa_addr->sa_family != AF_PACKET ||
            (one->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        memcpy(&link, one->ifa_addr, sizeof(link));
        bool is_first = lowest == 0 || link.sll_ifindex < lowest;
        if (link.sll_halen == 6 && is_first && is_permanent(one->ifa_name)) {
            lowest = link.sll_ifindex;
            memcpy(mac, link.sll_addr, 6);
        }
    }
    freeifaddrs(all);
    return lowest != 0;
}

/* machine-id(5) wants to be hashed before others see it. */
static bool hash_machine_id(uint8_t out[6])
{
    static const char salt[] = "vedette";
    uint8_t text[64];
    uint8_t hash[32];

    memcpy(text, salt, sizeof(salt));
    FILE *file = fopen("/etc/machine-id", "re");
    if (file == NULL) {
        return false;
    }
    size_t len = fread(text + sizeof(salt), 1, sizeof(text) - sizeof(salt), file);
    (void)fclose(file);
    if (len < 32 || mbedtls_sha256(text, sizeof(salt) + 32, hash, 0) != 0) {
        return false;
    }
    memcpy(out, hash, 6);
    return true;
}

void vd_posix_find_device_id(char out[13])
{
    uint8_t id[6] = {0};

    if (!find_mac(id)) {
        (void)hash_machine_id(id);
    }
    put_hex(id, out);
}
