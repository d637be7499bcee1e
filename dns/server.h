/*
 * A server that is asked: where it is, how it is reached, and what has been learnt of it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SERVER_H
#define VD_SERVER_H

#include "firmware/limits.h"
#include "port/port_net.h"

struct vd_name;

#define VD_PIN_LEN 32u

/* Cookies (RFC 7873, section 4; RFC 9018). */
#define VD_COOKIE_CLIENT_LEN     8u
#define VD_COOKIE_SERVER_LEN_MAX 32u

/* Answers that only came without EDNS, until it is believed that EDNS does not get through. */
#define VD_PLAIN_ANSWERS_MAX 3u

enum vd_transport {
    VD_TRANSPORT_UDP = 0, /* and TCP where UDP will not do (RFC 7766) */
    VD_TRANSPORT_TCP,
    VD_TRANSPORT_TLS /* strict (RFC 8310, section 5): verified or nothing, never in clear */
};

/* "UDP", "TCP", "TLS".  Never NULL. */
const char *vd_transport_str(uint8_t transport);

/* Plain data; the pointers stay the caller's and valid. */
struct vd_server {
    uint8_t transport;          /* enum vd_transport */
    bool is_authority;          /* a zone's own server: RD=0, and only AA=1 with RA=0 counts */
    const struct vd_name *zone; /* of an authority: the apex that it is asked for, and about which
                                   alone it is believed.  NULL: not known, see vd_answer_classify */
    struct vd_endpoint at;      /* port filled in */
    const char *name;           /* TLS: what the certificate must bear; NULL with a pin */
    const uint8_t *pin;         /* TLS: VD_PIN_LEN bytes, or NULL */
};

/* Named conditions of one server's path; bits.  They are told, they never change a record. */
enum vd_trouble {
    VD_TROUBLE_NO_TCP = 1,   /* it truncates, and TCP does not work */
    VD_TROUBLE_NO_EDNS = 2,  /* EDNS is stripped or refused (RFC 6891, section 7) */
    VD_TROUBLE_TLS = 4,      /* TLS cannot be set up, or the peer is not who it must be */
    VD_TROUBLE_ATTACK = 8,   /* forged responses arrived (RFC 5452, section 9) */
    VD_TROUBLE_SERVFAIL = 16 /* it failed where another one answered; stays until taken back */
};

/* Room for why TLS failed, in words of the port, with its NUL; longer ones are cut. */
#define VD_TLS_WHY_MAX 80u

/* What has been learnt of a server; all zero at the start. */
struct vd_path {
    uint32_t srtt_ms; /* smoothed, RFC 6298, section 2; 0: not measured */
    uint32_t rttvar_ms;
    uint64_t tcp_until_ms; /* asked over TCP at once until then: it does not echo the case */
    uint64_t
        cookie_off_until_ms;    /* no server cookie is learnt until then: it sends them at times */
    uint64_t edns_off_until_ms; /* asked without OPT until then; 0: with */
    uint64_t cookie_until_ms;   /* the server cookie is held for good until then */
    uint64_t link_retry_ms;     /* no new TLS connection before that */
    uint64_t single_until_ms;   /* one question at a time on a connection until then: it closes one
                                   after an answer */
    uint32_t sent, answered;    /* tries, and those that were answered */
    uint32_t mismatches;        /* responses that could not be ours */
    uint8_t link_failures;      /* in a row */
    uint8_t troubles;           /* set of enum vd_trouble, as last seen */
    uint8_t calm;               /* answers over UDP since the last mismatch, up to
                                   VD_MISMATCHES_MAX: then VD_TROUBLE_ATTACK is over */
    bool has_client_cookie;
    uint8_t server_cookie_len; /* 0: not known to speak cookies */
    uint8_t plain_answers; /* to queries without OPT, where those with it were not answered, since
                                  the last answer with one */
    bool has_edns;         /* an answer has carried an OPT: queries with one get through.  Until
                                  a question finds it silent */
    char tls_why[VD_TLS_WHY_MAX]; /* "certificate expired on 2026-10-01"; "": it never failed */
    uint8_t client_cookie[VD_COOKIE_CLIENT_LEN];
    uint8_t server_cookie[VD_COOKIE_SERVER_LEN_MAX];
};

/* The same one, reached the same way.  Its zone is left out: what was learnt of it holds for all. */
bool vd_server_is_equal(const struct vd_server *a, const struct vd_server *b);

/* How long to wait for its answer (RFC 6298, section 2), doubled `doublings` times. */
uint32_t vd_path_wait_ms(const struct vd_path *path, unsigned doublings);

/* A try was answered after rtt_ms.  Each try has its own id and socket: which one an answer
   belongs to is never in doubt, so that Karn's rule (RFC 6298, section 3) excludes none. */
void vd_path_measure(struct vd_path *path, uint32_t rtt_ms);

/* A server cookie came with a valid answer; cookie_len 0 forgets (only after an answer over TCP,
   which cannot be forged from afar). */
void vd_path_learn_cookie(struct vd_path *path, const uint8_t *cookie, size_t cookie_len,
                          uint64_t now_ms);

/* The cookie does not come back, and nothing can tell why: do without for VD_EDNS_OFF_MS. */
void vd_path_forget_cookie(struct vd_path *path, uint64_t now_ms);

/* A query without OPT was answered after one with it was not, or with an error.  That may have been
   a loss, or forged: EDNS is tried again in a minute; after VD_PLAIN_ANSWERS_MAX times with no OPT
   in between, in VD_EDNS_OFF_MS.  With a server that has spoken EDNS it takes as many again. */
void vd_path_answered_plain(struct vd_path *path, uint64_t now_ms);

/* An answer came with an OPT. */
void vd_path_answered_edns(struct vd_path *path);

/* A TLS connection failed before it was up: wait longer each time. */
void vd_path_back_off(struct vd_path *path, uint64_t now_ms);

void vd_path_set_trouble(struct vd_path *path, enum vd_trouble trouble, bool is_there);

/* Is a place in a set of servers? */
static inline bool vd_set_has(uint16_t set, unsigned place)
{
    return ((unsigned)set >> place & 1u) != 0;
}

#endif
