/*
 * "Did you mean ...?": optimal string alignment distance, three rows at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/nearest.h"

#include <string.h>

#define WORD_MAX 32u

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *word, size_t len, const char *known, size_t known_len)
{
    unsigned rows[3][WORD_MAX + 1];
    size_t i, j;

    for (j = 0; j <= known_len; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (i = 1; i <= len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        char c = lower(word[i - 1]);

        row[0] = (unsigned)i;
        for (j = 1; j <= known_len; j++) {
            row[j] = above[j - 1] + (c == known[j - 1] ? 0u : 1u);
            row[j] = least(row[j], least(row[j - 1], above[j]) + 1u);
            if (i > 1 && j > 1 && c == known[j - 2] && lower(word[i - 2]) == known[j - 1]) {
                row[j] = least(row[j], higher[j - 2] + 1u);
            }
        }
    }
    return rows[len % 3][known_len];
}

bool vd_nearest_is_close(const char *word, size_t len, const char *known, unsigned *edits)
{
    size_t known_len = strlen(known);

    if (len == 0 || len > WORD_MAX || known_len > WORD_MAX) {
        return false;
    }
    *edits = distance(word, len, known, known_len);
    return *edits <= (known_len < 5 ? 1u : 2u);
}
