/*
 * Reset: vectors, .data, .bss, main.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_board.h"

#include <stdint.h>

extern uint32_t vd_stack_top[];
extern uint32_t vd_data_load[], vd_data_start[], vd_data_end[];
extern uint32_t vd_bss_start[], vd_bss_end[];

int main(void);
void SysTick_Handler(void);
void Reset_Handler(void) __attribute__((noreturn));

void Reset_Handler(void)
{
    const uint32_t *from = vd_data_load;

    for (uint32_t *to = vd_data_start; to < vd_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = vd_bss_start; to < vd_bss_end;) {
        *to++ = 0;
    }
    vd_board_exit(main());
}

/* Any fault ends the run with a code of its own: 70, "internal software error". */
static void fault(void)
{
    vd_board_exit(70);
}

typedef void (*vector)(void);

static const vector vectors[] __attribute__((section(".vectors"), used)) = {
    (vector)(uintptr_t)vd_stack_top,
    Reset_Handler,
    fault, /* NMI */
    fault, /* HardFault */
    fault, /* MemManage */
    fault, /* BusFault */
    fault, /* UsageFault */
    0,
    0,
    0,
    0,
    fault, /* SVCall */
    fault, /* DebugMonitor */
    0,
    fault, /* PendSV */
    SysTick_Handler,
};
