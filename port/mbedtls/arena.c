/*
 * The fixed arena that mbedTLS allocates from.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/mbedtls/arena.h"

#include "firmware/limits.h"
#include "port/port_board.h"

#include "mbedtls/memory_buffer_alloc.h"
#include "mbedtls/platform.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

/* A block's header in memory_buffer_alloc.c: eight words.  The first block has one too. */
#define VD_ARENA_HEADER_BYTES (8 * sizeof(size_t))

static alignas(8) unsigned char arena[VD_TLS_ARENA_BYTES];
static bool is_started;
static uint32_t failures;

static void *(*arena_calloc)(size_t, size_t);
static void (*arena_free)(void *);

void vd_tls_arena_start(void)
{
    if (is_started) {
        return;
    }
    mbedtls_memory_buffer_alloc_init(arena, sizeof(arena));
    is_started = true;
}

void vd_tls_arena_usage(size_t *peak, size_t *size)
{
    size_t bytes = 0;
    size_t blocks = 0;

    if (is_started) {
        mbedtls_memory_buffer_alloc_max_get(&bytes, &blocks);
        bytes += (blocks + 1) * VD_ARENA_HEADER_BYTES;
    }
    *peak = bytes < sizeof(arena) ? bytes : sizeof(arena);
    *size = sizeof(arena);
}

size_t vd_tls_arena_used(void)
{
    size_t bytes = 0;
    size_t blocks = 0;

    if (!is_started) {
        return 0;
    }
    mbedtls_memory_buffer_alloc_cur_get(&bytes, &blocks);
    return bytes + (blocks + 1) * VD_ARENA_HEADER_BYTES;
}

uint32_t vd_tls_arena_failures(void)
{
    return failures;
}

/* ---- what mbedtls_config.h names --------------------------------------------------------- */

/* From mbedtls_memory_buffer_alloc_init. */
int vd_tls_arena_take(void *(*calloc_fn)(size_t, size_t), void (*free_fn)(void *))
{
    arena_calloc = calloc_fn;
    arena_free = free_fn;
    return 0;
}

void *vd_tls_arena_calloc(size_t count, size_t size)
{
    void *block = arena_calloc != NULL ? arena_calloc(count, size) : NULL;

    failures += block == NULL && count > 0 && size > 0;
    return block;
}

void vd_tls_arena_free(void *block)
{
    if (arena_free != NULL) {
        arena_free(block);
    }
}

/* The allocator found a header overwritten: nothing that it holds can be trusted any more. */
void vd_tls_arena_broken(int code)
{
    vd_board_exit(code);
}
