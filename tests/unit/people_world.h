/*
 * The agent's world with somebody at its console, whose days pass quickly.  One test program includes
 * it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PEOPLE_WORLD_H
#define VD_PEOPLE_WORLD_H

#include "tests/unit/agent_world.h"

#include "firmware/console.h"

#define QUARANTINE "v=DMARC1; p=quarantine; rua=mailto:d@example.com"
#define NO_RUA     "v=DMARC1; p=quarantine"
#define HOUR       3600u
#define DAY        86400u

/* 2026-11-22T00:00:00Z, a Sunday: when the world begins. */
#define SUNDAY INT64_C(1795305600)

/* ---- the console ------------------------------------------------------------------------------ */

static const char *typed = "";

enum vd_status vd_console_read(char *c)
{
    if (*typed == '\0') {
        return VD_AGAIN;
    }
    *c = *typed++;
    return VD_OK;
}

void vd_port_tls_arena(size_t *peak, size_t *size)
{
    *peak = *size = 0;
}

const char vd_version[] = "test";
const char vd_build_id[] = "test";

/* Type a command; returns what it printed. */
static inline const char *type(const char *command)
{
    static struct vd_console line;
    size_t from = strlen(console);

    typed = command;
    assert_int_equal(vd_console_poll(&line, &agent, now), VD_OK);
    return console + from;
}

static struct vd_watch *watch;

/* Rounds of 15 minutes from now on: days pass quickly. */
static inline void slow_down(void)
{
    watch->interval_ms = 900000;
    console[0] = '\0';
}

static inline void set_up_people(void)
{
    set_up();
    watch = &config.watches[0];
}

static inline void set_dmarc(const char *text)
{
    dmarc[0] = dmarc[1] = text;
}

/* Put a word into the watch's text. */
static inline uint16_t put_word(const char *word)
{
    uint16_t at = watch->text_len > 0 ? watch->text_len : 1u;

    strcpy(watch->text + at, word);
    watch->text_len = (uint16_t)(at + strlen(word) + 1u);
    return at;
}

#endif
