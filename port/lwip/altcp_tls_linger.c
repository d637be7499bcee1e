/*
 * The end of a connection, without a reset.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/altcp_tls_linger.h"

#include "firmware/limits.h"
#include "port/port_clock.h"

#include "lwip/altcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vd_linger {
    struct altcp_pcb *inner; /* NULL: unused */
    uint64_t until_ms;
    bool is_fin_sent;
    bool has_eof;
};

static struct vd_linger lingers[VD_TLS_SLOTS];

static err_t on_recv(void *arg, struct altcp_pcb *inner, struct pbuf *p, err_t err)
{
    struct vd_linger *linger = arg;

    (void)err;
    if (p == NULL) {
        linger->has_eof = true;
        return ERR_OK;
    }
    altcp_recved(inner, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static void on_err(void *arg, err_t err)
{
    struct vd_linger *linger = arg;

    (void)err;
    linger->inner = NULL; /* lwIP has freed it */
}

static void forget_callbacks(struct altcp_pcb *inner)
{
    altcp_arg(inner, NULL);
    altcp_recv(inner, NULL);
    altcp_sent(inner, NULL);
    altcp_err(inner, NULL);
}

/* The peer has ended its side: TCP has nothing left that could take long. */
static void end(struct vd_linger *linger)
{
    struct altcp_pcb *inner = linger->inner;

    linger->inner = NULL;
    forget_callbacks(inner);
    if (altcp_close(inner) != ERR_OK) {
        altcp_abort(inner);
    }
}

/* Its time is over.  Closed in order it would stay with TCP for as long as a peer that acknowledges
   nothing likes, and a few of these would leave no connection for anybody else. */
static void cut(struct vd_linger *linger)
{
    struct altcp_pcb *inner = linger->inner;

    linger->inner = NULL;
    forget_callbacks(inner);
    altcp_abort(inner);
}

static void step(struct vd_linger *linger)
{
    if (!linger->is_fin_sent) {
        err_t err = altcp_shutdown(linger->inner, 0, 1);
        linger->is_fin_sent = err == ERR_OK;
        if (err == ERR_CONN) {
            linger->has_eof = true; /* no longer in a state that could end in order */
        }
    }
    if (linger->inner != NULL && linger->has_eof) {
        end(linger);
    } else if (linger->inner != NULL && vd_clock_ms() >= linger->until_ms) {
        cut(linger);
    }
}

/* A free place, or that of the one that has waited longest. */
static struct vd_linger *find_place(void)
{
    struct vd_linger *oldest = &lingers[0];

    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        if (lingers[i].inner == NULL) {
            return &lingers[i];
        }
        if (lingers[i].until_ms < oldest->until_ms) {
            oldest = &lingers[i];
        }
    }
    cut(oldest);
    return oldest;
}

void vd_tls_linger(struct altcp_pcb *inner, int has_eof)
{
    struct vd_linger *linger = find_place();

    linger->inner = inner;
    linger->until_ms = vd_clock_ms() + VD_TLS_LINGER_MS;
    linger->is_fin_sent = false;
    linger->has_eof = has_eof != 0;
    altcp_poll(inner, NULL, 0);
    altcp_setprio(inner, TCP_PRIO_MIN); /* a new connection may push it out */
    altcp_arg(inner, linger);
    altcp_recv(inner, on_recv);
    altcp_sent(inner, NULL);
    altcp_err(inner, on_err);
    step(linger);
}

void vd_tls_linger_turn(void)
{
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        if (lingers[i].inner != NULL) {
            step(&lingers[i]);
        }
    }
}

unsigned vd_tls_linger_count(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        count += lingers[i].inner != NULL;
    }
    return count;
}
