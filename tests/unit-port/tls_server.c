/*
 * The TLS server of the tests' world, and the two queues between it and the client.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit-port/tls_server.h"

#include "port/mbedtls/random.h"

#include "mbedtls/ssl_ticket.h"
#include "mbedtls/x509_crt.h"

struct wire to_server;
struct wire to_client;

static struct {
    struct world_server how;
    bool is_made;
    bool is_live;
    bool closes;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt cert;
    mbedtls_x509_crt client_ca;
    mbedtls_pk_context key;
    mbedtls_ssl_ticket_context tickets;
    uint8_t write[16384];
    size_t write_len;
} server;

size_t wire_take(struct wire *wire, void *out, size_t len)
{
    size_t n = len < wire->len ? len : wire->len;

    memcpy(out, wire->bytes, n);
    wire->len -= n;
    memmove(wire->bytes, wire->bytes + n, wire->len);
    return n;
}

void wire_put(struct wire *wire, const void *bytes, size_t len)
{
    assert_true(len <= WIRE_BYTES - wire->len);
    memcpy(wire->bytes + wire->len, bytes, len);
    wire->len += len;
}

/* ---- server -------------------------------------------------------------------------------------------- */

static int server_send(void *ctx, const unsigned char *buf, size_t len)
{
    (void)ctx;
    wire_put(&to_client, buf, len);
    return (int)len;
}

static int server_recv(void *ctx, unsigned char *buf, size_t len)
{
    (void)ctx;
    if (to_server.len == 0) {
        return world.has_fin ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    return (int)wire_take(&to_server, buf, len);
}

static int on_sni(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len)
{
    (void)ctx;
    (void)ssl;
    assert_true(len < sizeof(world.srv_name));
    memcpy(world.srv_name, name, len);
    world.srv_name[len] = '\0';
    return 0;
}

static int parse_ticket(void *ctx, mbedtls_ssl_session *session, unsigned char *buf, size_t len)
{
    int ret = mbedtls_ssl_ticket_parse(ctx, session, buf, len);

    world.srv_resumed += ret == 0;
    return ret;
}

static void make_tls_server(void)
{
    char name[64];
    size_t len;

    (void)snprintf(name, sizeof(name), "%s.pem", server.how.cert);
    const uint8_t *file = world_file(name, &len);
    assert_int_equal(mbedtls_x509_crt_parse(&server.cert, file, len), 0);
    (void)snprintf(name, sizeof(name), "%s.key", server.how.cert);
    file = world_file(name, &len);
    assert_int_equal(mbedtls_pk_parse_key(&server.key, file, len, NULL, 0, vd_mbedtls_rng, NULL),
                     0);
    assert_int_equal(mbedtls_ssl_config_defaults(&server.conf, MBEDTLS_SSL_IS_SERVER,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&server.conf, vd_mbedtls_rng, NULL);
    mbedtls_ssl_conf_sni(&server.conf, on_sni, NULL);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&server.conf, &server.cert, &server.key), 0);
    if (server.how.version != 0) {
        mbedtls_ssl_conf_min_tls_version(&server.conf, server.how.version);
        mbedtls_ssl_conf_max_tls_version(&server.conf, server.how.version);
    }
    if (server.how.alpn != NULL) {
        assert_int_equal(mbedtls_ssl_conf_alpn_protocols(&server.conf, server.how.alpn), 0);
    }
    if (server.how.client_ca != NULL) {
        file = world_file(server.how.client_ca, &len);
        assert_int_equal(mbedtls_x509_crt_parse(&server.client_ca, file, len), 0);
        mbedtls_ssl_conf_ca_chain(&server.conf, &server.client_ca, NULL);
        mbedtls_ssl_conf_authmode(&server.conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
    if (server.how.does_tickets) {
        assert_int_equal(mbedtls_ssl_ticket_setup(&server.tickets, vd_mbedtls_rng, NULL,
                                                  MBEDTLS_CIPHER_AES_256_GCM, 86400),
                         0);
        mbedtls_ssl_conf_session_tickets_cb(&server.conf, mbedtls_ssl_ticket_write, parse_ticket,
                                            &server.tickets);
    }
}

void server_make(const struct world_server *how)
{
    memset(&server, 0, sizeof(server));
    server.how = *how;
    mbedtls_ssl_config_init(&server.conf);
    mbedtls_x509_crt_init(&server.cert);
    mbedtls_x509_crt_init(&server.client_ca);
    mbedtls_pk_init(&server.key);
    mbedtls_ssl_ticket_init(&server.tickets);
    server.is_made = true;
    if (how->cert != NULL) {
        make_tls_server();
    }
    server_start();
}

void server_free(void)
{
    if (server.is_live) {
        mbedtls_ssl_free(&server.ssl);
    }
    if (server.is_made) {
        mbedtls_ssl_config_free(&server.conf);
        mbedtls_x509_crt_free(&server.cert);
        mbedtls_x509_crt_free(&server.client_ca);
        mbedtls_pk_free(&server.key);
        mbedtls_ssl_ticket_free(&server.tickets);
    }
    memset(&server, 0, sizeof(server));
}

void server_start(void)
{
    if (server.is_live) {
        mbedtls_ssl_free(&server.ssl);
    }
    server.is_live = false;
    if (server.how.cert == NULL) {
        return;
    }
    mbedtls_ssl_init(&server.ssl);
    assert_int_equal(mbedtls_ssl_setup(&server.ssl, &server.conf), 0);
    mbedtls_ssl_set_bio(&server.ssl, NULL, server_send, server_recv, NULL);
    server.is_live = true;
    server.closes = false;
    server.write_len = 0;
}

void world_server_write(const void *bytes, size_t len)
{
    assert_true(len <= sizeof(server.write) - server.write_len);
    memcpy(server.write + server.write_len, bytes, len);
    server.write_len += len;
}

void world_server_close(void)
{
    server.closes = true;
}

static void server_moves(void)
{
    while (server.write_len > 0) {
        int ret = mbedtls_ssl_write(&server.ssl, server.write, server.write_len);
        if (ret <= 0) {
            return;
        }
        server.write_len -= (size_t)ret;
        memmove(server.write, server.write + ret, server.write_len);
    }
    if (server.closes) {
        server.closes = false;
        (void)mbedtls_ssl_close_notify(&server.ssl);
    }
}

static void server_reads(void)
{
    if (world.srv_stalls) {
        return;
    }
    int ret = mbedtls_ssl_read(&server.ssl, world.srv_got + world.srv_got_len,
                               sizeof(world.srv_got) - world.srv_got_len);
    if (ret > 0) {
        world.srv_got_len += (size_t)ret;
    } else if (ret == 0) {
        world.srv_code = MBEDTLS_ERR_SSL_CONN_EOF;
    } else if (ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE) {
        world.srv_code = ret;
    }
}

void server_step(void)
{
    if (!server.is_live || world.srv_code != 0) {
        return;
    }
    if (world.srv_is_up) {
        server_moves();
        server_reads();
        return;
    }
    int ret = mbedtls_ssl_handshake(&server.ssl);
    if (ret == 0) {
        world.srv_is_up = true;
        world.srv_saw_client_cert = mbedtls_ssl_get_peer_cert(&server.ssl) != NULL;
    } else if (ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE) {
        world.srv_code = ret;
    }
}
