/*
 * One set of results for the whole house.
 *
 * 0 is success, positive is a useful non-failure, negative is a failure.
 * Sizes and values come back through out parameters, never through the status.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_STATUS_H
#define VD_PORT_STATUS_H

enum vd_status {
    VD_OK = 0,

    VD_AGAIN = 1,  /* nothing yet: call again later; never means "closed" */
    VD_OTHER = 2,  /* well-formed, but not the kind that was asked for */
    VD_CLOSED = 3, /* the peer ended the connection in order */

    VD_EINVAL = -1,      /* an argument that the caller should not have passed */
    VD_EFORMAT = -2,     /* bytes from outside that break their grammar */
    VD_EFULL = -3,       /* a bound with a name is reached */
    VD_EIO = -4,         /* the layer below failed; its own words are kept beside it */
    VD_ENOTFOUND = -5,   /* no such name, file or slot */
    VD_ENOENTROPY = -6,  /* no seed: nothing secret or unguessable can be made */
    VD_EUNVERIFIED = -7, /* the TLS peer could not be proved to be the right one */
    VD_EREFUSED = -8,    /* the peer refused or reset the connection */
    VD_ETIMEOUT = -9     /* a bounded wait is over */
};

/* A few words for a status, for logs.  Never NULL. */
const char *vd_status_str(enum vd_status status);

#endif
