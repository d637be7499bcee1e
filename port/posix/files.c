/*
 * port_files.h over one folder: $VEDETTE_DIR, or the current one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -1: see errno.  A name that is a pipe must not block: it is no file, and is refused later. */
static int open_file(const char *name)
{
    const char *folder = getenv("VEDETTE_DIR");

    if (folder == NULL || folder[0] == '\0') {
        return openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return -1;
    }
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = errno;
    (void)close(dir);
    errno = error;
    return fd;
}

static enum vd_status read_all(int fd, uint8_t *buf, size_t len)
{
    while (len > 0) {
        ssize_t got = read(fd, buf, len);
        if (got > 0) {
            buf += got;
            len -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            return VD_EIO; /* it became shorter meanwhile, or the store failed */
        }
    }
    return VD_OK;
}

static enum vd_status read_file(int fd, uint8_t *buf, size_t cap, size_t *len)
{
    struct stat about;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 0) {
        return VD_EIO;
    }
    *len = (size_t)about.st_size;
    return *len > cap ? VD_EFULL : read_all(fd, buf, *len);
}

enum vd_status vd_files_read(const char *name, uint8_t *buf, size_t cap, size_t *len)
{
    if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        return VD_EINVAL;
    }
    int fd = open_file(name);
    if (fd < 0) {
        return errno == ENOENT ? VD_ENOTFOUND : VD_EIO;
    }
    enum vd_status status = read_file(fd, buf, cap, len);
    (void)close(fd);
    return status;
}
