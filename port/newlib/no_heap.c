/*
 * There is no heap: what newlib would draw from one is told that it is empty.
 *
 * newlib's vsnprintf refers to the allocator for streams that grow; ours never does.  With these
 * three the allocator and sbrk stay out of the image.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>

struct _reent;
/* used: the references come from the C library, which link-time optimisation does not see. */
void *_malloc_r(struct _reent *reent, size_t len) __attribute__((used));
void *_realloc_r(struct _reent *reent, void *old, size_t len) __attribute__((used));
void _free_r(struct _reent *reent, void *old) __attribute__((used));

void *_malloc_r(struct _reent *reent, size_t len)
{
    (void)reent;
    (void)len;
    return NULL;
}

void *_realloc_r(struct _reent *reent, void *old, size_t len)
{
    (void)reent;
    (void)old;
    (void)len;
    return NULL;
}

void _free_r(struct _reent *reent, void *old)
{
    (void)reent;
    (void)old;
}
