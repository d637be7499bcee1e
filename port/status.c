/*
 * Words for results.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_status.h"

const char *vd_status_str(enum vd_status status)
{
    switch (status) {
    case VD_OK:
        return "ok";
    case VD_AGAIN:
        return "nothing yet";
    case VD_OTHER:
        return "something else";
    case VD_CLOSED:
        return "closed by the peer";
    case VD_EINVAL:
        return "invalid argument";
    case VD_EFORMAT:
        return "malformed";
    case VD_EFULL:
        return "a limit is reached";
    case VD_EIO:
        return "failed below";
    case VD_ENOTFOUND:
        return "not found";
    case VD_ENOENTROPY:
        return "no seed for random numbers";
    case VD_EUNVERIFIED:
        return "peer not verified";
    case VD_EREFUSED:
        return "refused by the peer";
    case VD_ETIMEOUT:
        return "timed out";
    }
    return "unknown status";
}
