/*
 * An application on the altcp TLS layer, as the tests use it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_TLS_APP_H
#define VD_TESTS_TLS_APP_H

#include "tests/unit-port/tls_world.h"

#define TLS12 MBEDTLS_SSL_VERSION_TLS1_2
#define TLS13 MBEDTLS_SSL_VERSION_TLS1_3

extern const int app_versions[2];

struct app {
    struct altcp_tls_config *config;
    struct altcp_pcb *pcb; /* NULL: closed or failed */
    unsigned connected;
    unsigned errors;
    unsigned ends;
    err_t err;
    uint8_t got[65536];
    size_t got_len;
    size_t sent;
    bool refuses;      /* pbufs */
    bool holds;        /* takes pbufs and says no recved */
    bool closes_early; /* in the recv callback */
    struct altcp_tls_session *session;
};

extern struct app app;

/* A fresh application with a config of its own.  host NULL: none is set. */
void app_trusts(const char *root, const char *host);

void app_connects(void);
void app_shakes_hands(void);
void app_closes(void);

/* One line up, one answer down, both acknowledged. */
void app_exchanges(void);

/* Connect, and expect exactly one error before anything was up or sent. */
void app_meets_error(void);

/* Close, free the config, and see that nothing is left. */
void app_ends(void);

const char *app_why(void);

/* Before each test: one that failed has left things behind. */
int app_tidies(void **state);

/* world_reset with a plain server.  version 0: both. */
void world_serves(const char *cert, int version);

#endif
