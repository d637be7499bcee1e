/*
 * Punycode (RFC 3492).
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/punycode.h"

/* RFC 3492, section 5. */
#define BASE         36u
#define T_MIN        1u
#define T_MAX        26u
#define SKEW         38u
#define DAMP         700u
#define INITIAL_BIAS 72u
#define INITIAL_N    128u

#define COUNT_MAX 63u

static char digit(uint32_t value)
{
    return (char)(value < 26u ? 'a' + (int)value : '0' + (int)value - 26);
}

/* RFC 3492, section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t points, int is_first)
{
    uint32_t k = 0;

    delta = is_first ? delta / DAMP : delta / 2u;
    delta += delta / points;
    while (delta > (BASE - T_MIN) * T_MAX / 2u) {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    return k + (BASE - T_MIN + 1u) * delta / (delta + SKEW);
}

/* One delta as a number of variable length (section 3.3). */
static void put_delta(struct vd_text_writer *w, uint32_t delta, uint32_t bias)
{
    uint32_t q = delta, k, t;

    for (k = BASE;; k += BASE) {
        t = k <= bias ? T_MIN : (k >= bias + T_MAX ? T_MAX : k - bias);
        if (q < t) {
            break;
        }
        vd_text_put_char(w, digit(t + (q - t) % (BASE - t)));
        q = (q - t) / (BASE - t);
    }
    vd_text_put_char(w, digit(q));
}

static uint32_t smallest_from(const uint32_t *code_points, size_t count, uint32_t from)
{
    uint32_t smallest = UINT32_MAX;
    size_t i;

    for (i = 0; i < count; i++) {
        if (code_points[i] >= from && code_points[i] < smallest) {
            smallest = code_points[i];
        }
    }
    return smallest;
}

static uint32_t put_ascii(struct vd_text_writer *w, const uint32_t *code_points, size_t count)
{
    uint32_t done = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        if (code_points[i] < INITIAL_N) {
            vd_text_put_char(w, (char)code_points[i]);
            done++;
        }
    }
    if (done > 0) {
        vd_text_put_char(w, '-');
    }
    return done;
}

/* Section 6.3.  63 code points under 0x110000 keep delta below 2^32: 64 * 0x110000 = 2^26 * 1.06.
 */
enum vd_status vd_punycode_encode(const uint32_t *code_points, size_t count,
                                  struct vd_text_writer *w)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
    uint32_t basic, done;
    size_t i;

    if (count > COUNT_MAX || smallest_from(code_points, count, 0x110000u) != UINT32_MAX) {
        return VD_EINVAL;
    }
    basic = put_ascii(w, code_points, count);
    for (done = basic; done < count;) {
        uint32_t next = smallest_from(code_points, count, n);

        delta += (next - n) * (done + 1u);
        n = next;
        for (i = 0; i < count; i++) {
            if (code_points[i] < n) {
                delta++;
            } else if (code_points[i] == n) {
                put_delta(w, delta, bias);
                bias = adapt(delta, done + 1u, done == basic);
                delta = 0;
                done++;
            }
        }
        delta++;
        n++;
    }
    return VD_OK;
}
