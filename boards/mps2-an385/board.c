/*
 * Arm MPS2 AN385, as QEMU's mps2-an385 machine has it.  The machine lacks a TRNG, a calendar and
 * a store: semihosting stands in for them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "boards/mps2-an385/board.h"

#include "port/drivers/lan9118.h"
#include "port/port_board.h"
#include "port/semihosting/semihosting.h"

const char vd_board_name[] = "mps2-an385";

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* SysTick (Armv7-M Architecture Reference Manual, B3.3). */
#define SYST_CSR     REG(0xe000e010u)
#define SYST_RVR     REG(0xe000e014u)
#define SYST_CVR     REG(0xe000e018u)
#define SYST_ENABLED 7u /* counter on, interrupt on, CPU clock */

/* CMSDK UART. */
#define UART_DATA    REG(BOARD_UART0 + 0x00u)
#define UART_STATE   REG(BOARD_UART0 + 0x04u)
#define UART_CTRL    REG(BOARD_UART0 + 0x08u)
#define UART_BAUDDIV REG(BOARD_UART0 + 0x10u)
#define UART_TX_FULL 1u
#define UART_RX_FULL 2u
#define UART_ENABLED 3u
#define UART_BAUD    115200u

static volatile uint32_t ticks_low;
static volatile uint32_t ticks_high;

void SysTick_Handler(void);

void SysTick_Handler(void)
{
    if (++ticks_low == 0) {
        ticks_high++;
    }
}

uint64_t vd_board_ms(void)
{
    uint32_t high, low;

    do { /* the interrupt may fall between the two reads */
        high = ticks_high;
        low = ticks_low;
    } while (high != ticks_high);
    return (uint64_t)high << 32 | low;
}

void vd_board_start(void)
{
    UART_BAUDDIV = BOARD_CPU_HZ / UART_BAUD;
    UART_CTRL = UART_ENABLED;
    SYST_RVR = BOARD_CPU_HZ / 1000u - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_ENABLED;
}

const struct vd_nic *vd_board_nic(void)
{
    static struct vd_lan9118 chip = {.base = (volatile uint8_t *)(uintptr_t)BOARD_LAN9118};
    static const struct vd_nic nic = {
        .ctx = &chip,
        .start = vd_lan9118_start,
        .is_link_up = vd_lan9118_is_link_up,
        .pending = vd_lan9118_pending,
        .receive = vd_lan9118_receive,
        .send = vd_lan9118_send,
    };
    return &nic;
}

bool vd_board_rtc(int64_t *unix_s)
{
    *unix_s = vd_semihosting_time();
    return *unix_s > 0;
}

enum vd_status vd_board_seed(uint8_t *out, size_t len)
{
    return vd_semihosting_take(BOARD_SEED_FILE, out, len) == VD_OK ? VD_OK : VD_ENOENTROPY;
}

void vd_board_putc(char c)
{
    while ((UART_STATE & UART_TX_FULL) != 0) {
    }
    UART_DATA = (uint8_t)c;
}

bool vd_board_getc(char *c)
{
    if ((UART_STATE & UART_RX_FULL) == 0) {
        return false;
    }
    *c = (char)UART_DATA;
    return true;
}

void vd_board_wait(void)
{
    __asm__ volatile("wfi");
}

void vd_board_exit(int code)
{
    vd_semihosting_exit(code);
}
