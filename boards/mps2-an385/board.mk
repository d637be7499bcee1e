# Arm MPS2 AN385: Cortex-M3, LAN9118.
CROSS        := arm-none-eabi-
BOARD_CFLAGS := -mcpu=cortex-m3 -mthumb --specs=nano.specs
BOARD_PORT   := lwip
BOARD_SRC    := boards/mps2-an385/board.c boards/mps2-an385/startup.c \
                port/drivers/lan9118.c port/semihosting/semihosting.c port/newlib/no_heap.c
BOARD_LD     := boards/mps2-an385/link.ld
