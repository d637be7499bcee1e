/*
 * mbedTLS for the tests of the TLS layer: the product's configuration and, beside it, a server.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MBEDTLS_CONFIG_TEST_H
#define VD_MBEDTLS_CONFIG_TEST_H

/* The server must be able to send what is too large for the client. */
#define MBEDTLS_SSL_OUT_CONTENT_LEN 16384

#include "port/mbedtls/mbedtls_config.h"

#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_TICKET_C

#endif
