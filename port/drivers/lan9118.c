/*
 * SMSC LAN9118: FIFO access by the CPU, polled.  Register names as in the data sheet.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/drivers/lan9118.h"

/* System registers: offsets into the window. */
#define RX_DATA_FIFO   0x00u
#define TX_DATA_FIFO   0x20u
#define RX_STATUS_FIFO 0x40u
#define TX_STATUS_FIFO 0x48u
#define INT_EN         0x5cu
#define BYTE_TEST      0x64u
#define RX_CFG         0x6cu
#define TX_CFG         0x70u
#define HW_CFG         0x74u
#define RX_DP_CTRL     0x78u
#define RX_FIFO_INF    0x7cu
#define TX_FIFO_INF    0x80u
#define MAC_CSR_CMD    0xa4u
#define MAC_CSR_DATA   0xa8u

#define BYTE_TEST_VALUE 0x87654321u
#define HW_CFG_SRST     0x00000001u
#define HW_CFG_TX_5K    0x00050000u /* transmit FIFO of 5 KiB */
#define HW_CFG_MBO      0x00100000u /* must be one */
#define TX_CFG_ON       0x00000002u
#define RX_DP_CTRL_FFWD 0x80000000u /* skip the rest of the frame */
#define RX_STATUS_ERROR 0x00008000u
#define TX_CMD_A_FIRST  0x00002000u
#define TX_CMD_A_LAST   0x00001000u
#define MAC_CSR_BUSY    0x80000000u
#define MAC_CSR_READ    0x40000000u

/* MAC registers, behind MAC_CSR_CMD. */
#define MAC_CR       1u
#define MAC_ADDRH    2u
#define MAC_ADDRL    3u
#define MAC_MII_ACC  6u
#define MAC_MII_DATA 7u

#define MAC_CR_RXEN  0x00000004u
#define MAC_CR_TXEN  0x00000008u
#define MAC_CR_MCPAS 0x00080000u /* all multicast: IPv6 needs it */
#define MAC_CR_FDPX  0x00100000u

#define MII_BUSY   0x0001u
#define MII_WRITE  0x0002u
#define PHY_ADDR   1u
#define PHY_BCR    0u
#define PHY_BSR    1u
#define BCR_RENEG  0x1200u /* negotiate, and start now */
#define BSR_LINKED 0x0004u

/* Turns of a busy-wait before the chip counts as dead; a turn is a bus access of 100 ns or so. */
#define SPINS_MAX 100000u

/* Damaged frames skipped, and transmit results read, in one call: a chip that reads as all ones, or
   a flood, must not hold up the loop. */
#define SKIPS_MAX 32u

#define CRC_LEN 4u

static uint32_t get(const struct vd_lan9118 *chip, uint32_t reg)
{
    return *(volatile const uint32_t *)(chip->base + reg);
}

static void put(const struct vd_lan9118 *chip, uint32_t reg, uint32_t value)
{
    *(volatile uint32_t *)(chip->base + reg) = value;
}

/* Wait until the bits of mask in reg are clear. */
static enum vd_status wait_clear(const struct vd_lan9118 *chip, uint32_t reg, uint32_t mask)
{
    for (uint32_t i = 0; i < SPINS_MAX; i++) {
        if ((get(chip, reg) & mask) == 0) {
            return VD_OK;
        }
    }
    return VD_EIO;
}

static uint32_t mac_get(const struct vd_lan9118 *chip, uint32_t index)
{
    put(chip, MAC_CSR_CMD, MAC_CSR_BUSY | MAC_CSR_READ | index);
    return wait_clear(chip, MAC_CSR_CMD, MAC_CSR_BUSY) == VD_OK ? get(chip, MAC_CSR_DATA) : 0;
}

static void mac_put(const struct vd_lan9118 *chip, uint32_t index, uint32_t value)
{
    put(chip, MAC_CSR_DATA, value);
    put(chip, MAC_CSR_CMD, MAC_CSR_BUSY | index);
    (void)wait_clear(chip, MAC_CSR_CMD, MAC_CSR_BUSY);
}

static void mii_wait(const struct vd_lan9118 *chip)
{
    for (uint32_t i = 0; i < SPINS_MAX && (mac_get(chip, MAC_MII_ACC) & MII_BUSY) != 0; i++) {
    }
}

static uint32_t phy_get(const struct vd_lan9118 *chip, uint32_t reg)
{
    mac_put(chip, MAC_MII_ACC, PHY_ADDR << 11 | reg << 6 | MII_BUSY);
    mii_wait(chip);
    return mac_get(chip, MAC_MII_DATA);
}

static void phy_put(const struct vd_lan9118 *chip, uint32_t reg, uint32_t value)
{
    mac_put(chip, MAC_MII_DATA, value);
    mac_put(chip, MAC_MII_ACC, PHY_ADDR << 11 | reg << 6 | MII_WRITE | MII_BUSY);
    mii_wait(chip);
}

enum vd_status vd_lan9118_start(void *ctx, uint8_t mac[6])
{
    struct vd_lan9118 *chip = ctx;

    if (get(chip, BYTE_TEST) != BYTE_TEST_VALUE) {
        return VD_EIO;
    }
    put(chip, HW_CFG, HW_CFG_SRST);
    if (wait_clear(chip, HW_CFG, HW_CFG_SRST) != VD_OK) {
        return VD_EIO;
    }
    put(chip, HW_CFG, HW_CFG_MBO | HW_CFG_TX_5K);
    put(chip, INT_EN, 0);
    put(chip, RX_CFG, 0);
    put(chip, TX_CFG, TX_CFG_ON);
    phy_put(chip, PHY_BCR, BCR_RENEG);
    mac_put(chip, MAC_CR, MAC_CR_TXEN | MAC_CR_RXEN | MAC_CR_MCPAS | MAC_CR_FDPX);

    /* The EEPROM's address was loaded at reset. */
    uint32_t low = mac_get(chip, MAC_ADDRL);
    uint32_t high = mac_get(chip, MAC_ADDRH);
    for (unsigned i = 0; i < 4; i++) {
        mac[i] = (uint8_t)(low >> 8 * i);
    }
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
    return VD_OK;
}

bool vd_lan9118_is_link_up(void *ctx)
{
    return (phy_get(ctx, PHY_BSR) & BSR_LINKED) != 0;
}

/* Length of the frame of this status word, CRC included. */
static size_t frame_len(uint32_t status)
{
    return status >> 16 & 0x3fffu;
}

/* Drop the frame at the head of the data FIFO.  The chip can skip only frames of at least four
   words. */
static void skip_frame(const struct vd_lan9118 *chip, size_t len)
{
    if (len >= 16) {
        put(chip, RX_DP_CTRL, RX_DP_CTRL_FFWD);
        (void)wait_clear(chip, RX_DP_CTRL, RX_DP_CTRL_FFWD);
        return;
    }
    for (size_t i = 0; i < len; i += 4) {
        (void)get(chip, RX_DATA_FIFO);
    }
}

size_t vd_lan9118_pending(void *ctx)
{
    struct vd_lan9118 *chip = ctx;

    /* frame_status keeps a frame that was told of and not yet taken. */
    for (unsigned i = 0;
         i < SKIPS_MAX && chip->frame_status == 0 && (get(chip, RX_FIFO_INF) >> 16 & 0xffu) > 0;
         i++) {
        uint32_t status = get(chip, RX_STATUS_FIFO);
        size_t len = frame_len(status);
        if ((status & RX_STATUS_ERROR) != 0 || len <= CRC_LEN || len > VD_NIC_FRAME_MAX + CRC_LEN) {
            skip_frame(chip, len);
            continue;
        }
        chip->frame_status = status;
    }
    return chip->frame_status == 0 ? 0 : frame_len(chip->frame_status) - CRC_LEN;
}

void vd_lan9118_receive(void *ctx, uint8_t *buf, size_t len)
{
    struct vd_lan9118 *chip = ctx;
    size_t total = frame_len(chip->frame_status);

    chip->frame_status = 0;
    for (size_t at = 0; at < total; at += 4) {
        uint32_t word = get(chip, RX_DATA_FIFO);
        for (size_t i = 0; i < 4 && at + i < len; i++) {
            buf[at + i] = (uint8_t)(word >> 8 * i);
        }
    }
}

enum vd_status vd_lan9118_send(void *ctx, const uint8_t *frame, size_t len)
{
    struct vd_lan9118 *chip = ctx;

    /* Status words of earlier frames; left alone they fill their FIFO and stop the chip. */
    for (unsigned i = 0; i < SKIPS_MAX && (get(chip, TX_FIFO_INF) >> 16 & 0xffu) > 0; i++) {
        (void)get(chip, TX_STATUS_FIFO);
    }
    if ((get(chip, TX_FIFO_INF) & 0xffffu) < len + 12u) {
        return VD_AGAIN;
    }
    put(chip, TX_DATA_FIFO, TX_CMD_A_FIRST | TX_CMD_A_LAST | (uint32_t)len);
    put(chip, TX_DATA_FIFO, (uint32_t)len);
    for (size_t at = 0; at < len; at += 4) {
        uint32_t word = 0;
        for (size_t i = 0; i < 4 && at + i < len; i++) {
            word |= (uint32_t)frame[at + i] << 8 * i;
        }
        put(chip, TX_DATA_FIFO, word);
    }
    return VD_OK;
}
