/*
 * A world for the TLS layer: a TCP that misbehaves on demand, a real TLS server behind it, a
 * clock, and a console that drops what it is told.
 *
 * One connection at a time.  The product's side is the real altcp layer on the real mbedTLS; it
 * gets its TCP from altcp_tcp_new_ip_type, which this file fakes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_TLS_WORLD_H
#define VD_TESTS_TLS_WORLD_H

#include "port/lwip/altcp_tls_vedette.h"
#include "port/mbedtls/tls_words.h"
#include "port/port_clock.h"

#include "lwip/altcp.h"

#include "mbedtls/ssl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_DATE_OK      1780272000 /* 2026-06-01 */
#define WORLD_DATE_EARLY   1764547200 /* 2025-12-01: before every certificate */
#define WORLD_DATE_EXPIRED 1793491200 /* 2026-11-01: after the leaves */

/* What the fake TCP does wrong.  Zero: nothing. */
struct world_faults {
    size_t segment;           /* bytes handed to the client at once; 0: 1460 */
    size_t write_max;         /* what one write takes at most; 0: all */
    unsigned write_err_every; /* each n-th write says ERR_MEM; 0: none */
    bool acks_late;           /* acknowledge only when world.ack_now is set */
    bool closes_fail;         /* shutdown and close say ERR_MEM */
    bool refuses;             /* connect ends in a reset */
    bool never_answers;       /* connect ends in a timeout */
    size_t reset_after_out;   /* break once so many bytes came from the client; 0: never */
    size_t reset_after_in;    /* break once so many bytes went to the client; 0: never */
    size_t fin_after_in;      /* end in order once so many bytes went to the client; 0: never */
    size_t hog;               /* bytes of the arena that are taken while it is the client's turn */
    size_t flip_at;           /* turn one bit of the n-th byte to the client; 0: never */
};

/* How the server is set up. */
struct world_server {
    const char *cert; /* file name without ".pem"; NULL: no TLS server, only canned bytes */
    int version;      /* MBEDTLS_SSL_VERSION_TLS1_2 or _3; 0: both */
    const char **alpn;
    const char *client_ca; /* ask for a certificate under this root */
    bool does_tickets;
};

struct world {
    struct world_faults faults;
    int64_t date;
    enum vd_calendar calendar;
    uint64_t ms;

    /* TCP */
    struct altcp_pcb *tcp; /* NULL: closed, reset or never made */
    bool is_connected;
    bool is_connecting;
    bool has_fin; /* from the client */
    bool fin_told;
    bool was_aborted; /* by the client */
    unsigned opened;  /* TCP connections made */
    size_t out_total; /* bytes from the client */
    size_t in_total;  /* bytes to the client */
    size_t in_recved; /* of these, told by altcp_recved */
    size_t unacked;
    struct vd_tls_tap out_tap; /* an alert of the client's in the clear */
    bool ack_now;
    unsigned writes;
    uint16_t local_port;
    bool is_ip6;       /* the address that it is connected to */
    bool is_local_ip6; /* the one that it is bound to */

    /* server */
    int srv_code; /* first fatal code, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY for a close */
    bool srv_is_up;
    bool srv_stalls; /* reads nothing */
    uint8_t srv_got[16384];
    size_t srv_got_len;
    unsigned srv_resumed; /* tickets that it accepted */
    char srv_name[256];   /* SNI; "" if none came */
    bool srv_saw_client_cert;
};

extern struct world world;

/* Once: random numbers, lwIP, certificates from $VD_CERTS. */
void world_start(void);

/* Back to no faults, no connection, a good date; server as told. */
void world_reset(const struct world_server *server);

/* A new connection to the same server (tickets stay valid). */
void world_again(void);

/* Bytes to the client as if from the peer's TCP. */
void world_inject(const void *bytes, size_t len);

/* The peer's TCP ends in order, after what is queued. */
void world_fin(void);

/* The peer's TCP does not answer any more, and ours gives up: as lwIP does after TCP_MAXRTX. */
void world_vanish(void);

/* The server sends application data / close_notify. */
void world_server_write(const void *bytes, size_t len);
void world_server_close(void);

/* Turns of client, TCP and server; 1 ms each. */
void world_run(unsigned turns);

/* A file from $VD_CERTS, NUL-terminated (as PEM wants); len counts the NUL. */
const uint8_t *world_file(const char *name, size_t *len);

/* Break whatever a failed test has left open. */
void world_drop(void);

/* Nothing is left over: no connection, no lwIP memory, the arena as before world_reset. */
void world_expect_clean(void);

#endif
