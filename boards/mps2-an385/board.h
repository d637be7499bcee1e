/*
 * Arm MPS2 with the AN385 image (Cortex-M3): memory map.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_BOARD_H
#define VD_BOARD_H

#define BOARD_CPU_HZ    25000000u
#define BOARD_UART0     0x40004000u /* CMSDK APB UART */
#define BOARD_LAN9118   0x40200000u
#define BOARD_SEED_FILE "seed.bin" /* put beside the image for each boot */

#endif
