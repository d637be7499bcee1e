/*
 * Messages of tests/data/dns for unit tests.  Tests run in the root of the repository.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_VECTORS_H
#define VD_VECTORS_H

#include <stdint.h>
#include <stdio.h>

/* Responses of a real server to questions about example.org. */
static const char *const real_responses[] = {
    "answer-aaaa", "answer-ds", "answer-mx",   "answer-ns",      "answer-ptr", "answer-soa",
    "answer-txt",  "nodata",    "alias-chain", "alias-dangling", "alias-loop", "alias-leaves",
    "nxdomain",    "referral",  "refused",     "truncated",      "badvers",    "ede-and-cookie",
};

#define REAL_RESPONSES (sizeof real_responses / sizeof real_responses[0])

/* The octets of tests/data/dns/<name>.hex: numbers in hexadecimal, # begins a comment line.  0 when
   there is no such file, or it does not fit. */
static inline size_t vector_load(const char *name, uint8_t *out, size_t cap)
{
    char path[100];
    char line[256];
    size_t len = 0;

    (void)snprintf(path, sizeof path, "tests/data/dns/%s.hex", name);
    FILE *in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        unsigned octet;
        int used;
        for (const char *at = line; line[0] != '#' && sscanf(at, "%2x%n", &octet, &used) == 1;
             at += used) {
            if (len == cap) {
                fclose(in);
                return 0;
            }
            out[len++] = (uint8_t)octet;
        }
    }
    if (in != NULL) {
        fclose(in);
    }
    return len;
}

#endif
