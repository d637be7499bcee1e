/*
 * Commands on the console: one line each, no editing.
 *
 *   status        domains, alerts, channels, TLS arena
 *   check         survey every domain now
 *   alerts        those that are open, with their numbers
 *   ack N         no more reminders of alert N
 *   accept N      what alert N speaks of is the new normal
 *   version
 *   halt          end in order: connections closed, the arena's peak printed
 *   help
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CONSOLE_H
#define VD_CONSOLE_H

#include "firmware/agent.h"

#define VD_CONSOLE_COMMAND_MAX 80u

struct vd_console {
    size_t len;
    bool is_long; /* the line is over the limit: it is refused at its end */
    char line[VD_CONSOLE_COMMAND_MAX];
};

/*
 * Take what has been typed, and obey.  A bounded number of characters per call.
 *
 * VD_OK      go on.
 * VD_CLOSED  "halt": the loop must end.
 */
enum vd_status vd_console_poll(struct vd_console *console, struct vd_agent *agent, uint64_t now_ms);

/* The last lines before the end: what was used most. */
void vd_console_farewell(void);

#endif
