/*
 * Arm semihosting: what a debugger or QEMU does for the image.  Used by the emulated boards for
 * what their machine lacks: files beside the image, a calendar, an exit code.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SEMIHOSTING_H
#define VD_SEMIHOSTING_H

#include "port/port_status.h"

#include <stddef.h>
#include <stdint.h>

/* Calendar of the machine that the emulator runs on, in seconds since 1970. */
int64_t vd_semihosting_time(void);

/*
 * Read a file whole and delete it, so that nobody reads the same again.
 *
 * VD_OK         out holds len bytes, and the file is gone.
 * VD_ENOTFOUND  no such file.
 * VD_EFORMAT    it is shorter.
 * VD_EIO        it could not be deleted: its content must not be used.
 */
enum vd_status vd_semihosting_take(const char *name, uint8_t *out, size_t len);

void vd_semihosting_exit(int code) __attribute__((noreturn));

#endif
