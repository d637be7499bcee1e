/*
 * Semihosting calls (Arm, "Semihosting for AArch32 and AArch64"), and port_files.h over them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/semihosting/semihosting.h"

#include "port/port_files.h"

#include <string.h>

enum operation {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_READ = 0x06,
    SYS_FLEN = 0x0c,
    SYS_REMOVE = 0x0e,
    SYS_TIME = 0x11,
    SYS_EXIT_EXTENDED = 0x20
};

#define OPEN_RB        1u
#define STOPPED_BY_APP 0x20026u /* ADP_Stopped_ApplicationExit */
#define HANDLE_NONE    (-1)

static int32_t call(enum operation operation, const uint32_t *block)
{
    register uint32_t r0 __asm__("r0") = (uint32_t)operation;
    register uint32_t r1 __asm__("r1") = (uint32_t)(uintptr_t)block;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static uint32_t word_of(const void *p)
{
    return (uint32_t)(uintptr_t)p;
}

int64_t vd_semihosting_time(void)
{
    return (int64_t)(uint32_t)call(SYS_TIME, NULL);
}

static int32_t open_file(const char *name)
{
    const uint32_t block[3] = {word_of(name), OPEN_RB, (uint32_t)strlen(name)};
    return call(SYS_OPEN, block);
}

static void close_file(int32_t handle)
{
    const uint32_t block[1] = {(uint32_t)handle};
    (void)call(SYS_CLOSE, block);
}

/* Exactly len bytes.  SYS_READ returns how many are missing. */
static enum vd_status read_file(int32_t handle, uint8_t *buf, size_t len)
{
    const uint32_t block[3] = {(uint32_t)handle, word_of(buf), (uint32_t)len};
    return len == 0 || call(SYS_READ, block) == 0 ? VD_OK : VD_EIO;
}

enum vd_status vd_files_read(const char *name, uint8_t *buf, size_t cap, size_t *len)
{
    if (name[0] == '\0' || strchr(name, '/') != NULL || strchr(name, '\\') != NULL) {
        return VD_EINVAL;
    }
    int32_t handle = open_file(name);
    if (handle == HANDLE_NONE) {
        return VD_ENOTFOUND;
    }
    const uint32_t block[1] = {(uint32_t)handle};
    int32_t length = call(SYS_FLEN, block);
    enum vd_status status = VD_EIO;
    if (length >= 0) {
        *len = (size_t)length;
        status = *len > cap ? VD_EFULL : read_file(handle, buf, *len);
    }
    close_file(handle);
    return status;
}

enum vd_status vd_semihosting_take(const char *name, uint8_t *out, size_t len)
{
    int32_t handle = open_file(name);
    if (handle == HANDLE_NONE) {
        return VD_ENOTFOUND;
    }
    enum vd_status status = read_file(handle, out, len) == VD_OK ? VD_OK : VD_EFORMAT;
    close_file(handle);
    const uint32_t block[2] = {word_of(name), (uint32_t)strlen(name)};
    return call(SYS_REMOVE, block) == 0 ? status : VD_EIO;
}

void vd_semihosting_exit(int code)
{
    const uint32_t block[2] = {STOPPED_BY_APP, (uint32_t)code};
    for (;;) {
        (void)call(SYS_EXIT_EXTENDED, block);
    }
}
