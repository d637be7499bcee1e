/*
 * Sets of networks: sorted runs.
 *
 * Both families go through the same code, with ends of 64 bits: the small arrays are only read and
 * written by get and put.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/ranges.h"

#include <string.h>

static size_t count_of(const struct vd_ranges *ranges, bool is_ip6)
{
    return is_ip6 ? ranges->count6 : ranges->count4;
}

static struct vd_range6 get(const struct vd_ranges *ranges, bool is_ip6, size_t i)
{
    return is_ip6 ? ranges->runs6[i]
                  : (struct vd_range6){ranges->runs4[i].first, ranges->runs4[i].last};
}

static void put(struct vd_ranges *ranges, bool is_ip6, size_t i, struct vd_range6 run)
{
    if (is_ip6) {
        ranges->runs6[i] = run;
    } else {
        ranges->runs4[i] = (struct vd_range4){(uint32_t)run.first, (uint32_t)run.last};
    }
}

/* The runs from `from` on begin at `to` now. */
static void move(struct vd_ranges *ranges, bool is_ip6, size_t to, size_t from)
{
    size_t left = count_of(ranges, is_ip6) - from;

    if (is_ip6) {
        memmove(&ranges->runs6[to], &ranges->runs6[from], left * sizeof ranges->runs6[0]);
        ranges->count6 = (uint16_t)(to + left);
    } else {
        memmove(&ranges->runs4[to], &ranges->runs4[from], left * sizeof ranges->runs4[0]);
        ranges->count4 = (uint16_t)(to + left);
    }
}

/* First and last address, or /64, of a network. */
static struct vd_range6 run_of(const uint8_t *address, bool is_ip6, uint8_t bits)
{
    unsigned width = is_ip6 ? 64 : 32;
    uint64_t whole = UINT64_MAX >> (64u - width);
    uint64_t first = 0;

    for (unsigned i = 0; i < width / 8; i++) {
        first = first << 8 | address[i];
    }
    uint64_t inside = bits >= width ? 0 : whole >> bits;
    return (struct vd_range6){first & ~inside, first | inside};
}

/* The first run that ends at `first` or behind it, or right before it where is_touching. */
static size_t find(const struct vd_ranges *ranges, bool is_ip6, uint64_t first, bool is_touching)
{
    size_t low = 0;
    size_t high = count_of(ranges, is_ip6);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t last = get(ranges, is_ip6, middle).last;
        if (last >= first || (is_touching && last + 1 == first)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void vd_ranges_clear(struct vd_ranges *ranges)
{
    ranges->count4 = ranges->count6 = 0;
    ranges->is_full = false;
}

void vd_ranges_add(struct vd_ranges *ranges, const uint8_t *address, bool is_ip6, uint8_t bits)
{
    struct vd_range6 run = run_of(address, is_ip6, bits);
    size_t count = count_of(ranges, is_ip6);
    size_t at = find(ranges, is_ip6, run.first, true);
    size_t end = at;

    /* Runs at..end overlap or touch the new one: all of them become one. */
    for (; end < count; end++) {
        struct vd_range6 other = get(ranges, is_ip6, end);
        if (other.first > run.last && other.first - 1 > run.last) {
            break;
        }
        run.first = other.first < run.first ? other.first : run.first;
        run.last = other.last > run.last ? other.last : run.last;
    }
    if (end == at) {
        if (count == (is_ip6 ? (size_t)VD_RANGES6_MAX : (size_t)VD_RANGES4_MAX)) {
            ranges->is_full = true;
            return;
        }
        move(ranges, is_ip6, at + 1, at);
    } else if (end > at + 1) {
        move(ranges, is_ip6, at + 1, end);
    }
    put(ranges, is_ip6, at, run);
}

bool vd_ranges_has(const struct vd_ranges *ranges, const uint8_t *address, bool is_ip6,
                   uint8_t bits)
{
    struct vd_range6 run = run_of(address, is_ip6, bits);
    size_t at = find(ranges, is_ip6, run.first, false);

    if (at == count_of(ranges, is_ip6)) {
        return false;
    }
    struct vd_range6 other = get(ranges, is_ip6, at);
    return other.first <= run.first && other.last >= run.last;
}

static uint32_t count_all(const struct vd_ranges *ranges, bool is_ip6)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count_of(ranges, is_ip6); i++) {
        struct vd_range6 run = get(ranges, is_ip6, i);
        uint64_t more = run.last - run.first; /* one less than there are */
        if (more >= UINT32_MAX || sum + more + 1 >= UINT32_MAX) {
            return UINT32_MAX;
        }
        sum += more + 1;
    }
    return (uint32_t)sum;
}

uint32_t vd_ranges_count4(const struct vd_ranges *ranges)
{
    return count_all(ranges, false);
}

uint32_t vd_ranges_count6(const struct vd_ranges *ranges)
{
    return count_all(ranges, true);
}
