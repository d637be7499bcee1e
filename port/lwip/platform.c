/*
 * lwIP's random numbers and failed assertions (arch/cc.h).
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_board.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include "lwip/arch.h"

/* lwIP has no way to hear of a failure, and a guessable port or id is worse than a restart. */
uint32_t vd_lwip_rand(void)
{
    uint32_t value;

    if (vd_entropy_random(&value, sizeof(value)) != VD_OK) {
        vd_console_line("network: no random numbers, stopping");
        vd_board_exit(1);
    }
    return value;
}

void vd_lwip_assert_failed(const char *message, const char *file, int line)
{
    vd_console_line("lwIP assertion failed: %s (%s:%d)", message, file, line);
    vd_board_exit(1);
}
