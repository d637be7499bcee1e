/*
 * The other end of a TCP connection over the wire.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit-lwip/peer.h"

struct peer peer;

uint8_t peer_byte(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static err_t peer_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void)arg;
    (void)err;
    if (p == NULL) {
        peer.has_fin = true;
        return ERR_OK;
    }
    assert_true(peer.got + p->tot_len <= sizeof(peer.bytes));
    (void)pbuf_copy_partial(p, peer.bytes + peer.got, p->tot_len, 0);
    peer.got += p->tot_len;
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static void peer_error(void *arg, err_t err)
{
    (void)arg;
    peer.pcb = NULL;
    peer.was_reset = err == ERR_RST;
}

static err_t peer_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    assert_int_equal(err, ERR_OK);
    peer.pcb = pcb;
    tcp_recv(pcb, peer_receive);
    tcp_err(pcb, peer_error);
    tcp_nagle_disable(pcb);
    return ERR_OK;
}

void peer_send_some(void)
{
    uint8_t bytes[1024];

    while (peer.pcb != NULL && peer.sent < peer.to_send) {
        size_t n = LWIP_MIN(peer.to_send - peer.sent, sizeof(bytes));
        n = LWIP_MIN(n, tcp_sndbuf(peer.pcb));
        n = peer.segment_max > 0 ? LWIP_MIN(n, peer.segment_max) : n;
        for (size_t i = 0; i < n; i++) {
            bytes[i] = peer_byte(peer.sent + i);
        }
        if (n == 0 || tcp_write(peer.pcb, bytes, (u16_t)n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            break;
        }
        peer.sent += n;
        (void)tcp_output(peer.pcb);
    }
}

void peer_end(void)
{
    struct tcp_pcb *pcb = peer.pcb;

    assert_non_null(pcb);
    peer.pcb = NULL;
    tcp_err(pcb, NULL);
    assert_int_equal(tcp_close(pcb), ERR_OK);
}

void peer_reset(void)
{
    struct tcp_pcb *pcb = peer.pcb;

    assert_non_null(pcb);
    tcp_abort(pcb);
    assert_null(peer.pcb);
}

void peer_start(void)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

    memset(&peer, 0, sizeof(peer));
    assert_non_null(pcb);
    assert_int_equal(tcp_bind(pcb, IP_ANY_TYPE, PEER_PORT), ERR_OK);
    peer.listener = tcp_listen(pcb);
    assert_non_null(peer.listener);
    tcp_accept(peer.listener, peer_accept);
}

void peer_stop(void)
{
    assert_int_equal(tcp_close(peer.listener), ERR_OK);
}
