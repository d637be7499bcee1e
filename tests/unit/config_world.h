/*
 * Reading a configuration in a test: what it gave, and what it complained of.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_CONFIG_WORLD_H
#define VD_TEST_CONFIG_WORLD_H

#include "firmware/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct vd_config config;

static struct {
    unsigned count;
    unsigned lines[64];
    char texts[64][VD_COMPLAINT_MAX];
} told;

static inline void on_complaint(void *ctx, unsigned line, const char *text)
{
    const char *at;

    assert_ptr_equal(ctx, &told);
    assert_true(text[0] != '\0');
    for (at = text; *at != '\0'; at++) {
        assert_true((uint8_t)*at >= ' ' && *at != 0x7f); /* harmless on a console */
    }
    if (told.count < 64) {
        told.lines[told.count] = line;
        snprintf(told.texts[told.count], VD_COMPLAINT_MAX, "%s", text);
    }
    told.count++;
}

/* The text in memory of exactly its size, so that the sanitizer sees a read behind it. */
static inline enum vd_status parse_bytes(const char *text, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    enum vd_status status;

    assert_non_null(copy);
    memcpy(copy, text, len);
    memset(&told, 0, sizeof told);
    status = vd_config_parse(copy, len, &config, on_complaint, &told);
    free(copy);
    assert_int_equal(status, told.count == 0 ? VD_OK : VD_EFORMAT);
    return status;
}

static inline enum vd_status parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static inline void print_complaints(void)
{
    unsigned i;

    for (i = 0; i < told.count && i < 64; i++) {
        print_message("  %u: %s\n", told.lines[i], told.texts[i]);
    }
}

static inline void parse_ok(const char *text)
{
    if (parse(text) != VD_OK) {
        print_complaints();
        fail_msg("refused");
    }
}

/* Exactly one complaint, at this line, with these words in it. */
static inline void expect_one(const char *text, size_t len, unsigned line, const char *words)
{
    parse_bytes(text, len);
    if (told.count != 1 || told.lines[0] != line || strstr(told.texts[0], words) == NULL) {
        print_complaints();
        fail_msg("expected one complaint, %u: ...%s...", line, words);
    }
}

static inline void expect_text(const char *text, unsigned line, const char *words)
{
    expect_one(text, strlen(text), line, words);
}

/* A good file around lines under test, which begin at line 7. */
#define HEAD                                                                                       \
    "[dns]\nserver = 192.0.2.53\n[report soc]\nurl = syslogs://log.example\nca = ca.pem\n\n"
#define GOOD HEAD "[watch example.com]\n"

static inline void expect_in_good(const char *lines, unsigned line, const char *words)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", HEAD, lines);
    expect_text(text, line, words);
}

struct row {
    const char *lines; /* from line 7 on */
    unsigned line;
    const char *words;
};

static inline void expect_rows(const struct row *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        expect_in_good(rows[i].lines, rows[i].line, rows[i].words);
    }
}

#define ROWS(rows) expect_rows(rows, sizeof rows / sizeof rows[0])

/* A good pin for a tls:// server, and a good file around [dns], which begins at line 7. */
#define PIN  "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define REST "[watch example.com]\n[report soc]\nurl = syslogs://log.example\nca = ca.pem\n\n\n"
#define DNS  REST "[dns]\n"

static inline void parse_dns_ok(const char *lines)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", DNS, lines);
    parse_ok(text);
}

static inline void expect_dns(const char *lines, unsigned line, const char *words)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", DNS, lines);
    expect_text(text, line, words);
}

/* A domain of exactly len characters. */
static inline void domain_of(size_t len, char *out)
{
    size_t i;

    for (i = 0; i < len; i++) {
        out[i] = i % 50 == 49 && i + 1 < len ? '.' : 'a';
    }
    out[len] = '\0';
}

#endif
