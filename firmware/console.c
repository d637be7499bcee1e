/*
 * Console commands.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/console.h"

#include "firmware/version.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "report/text.h"

#include <string.h>

/* Characters taken in one poll. */
#define TAKE_MAX 64u

static void show_arena(void)
{
    size_t peak, size;

    vd_port_tls_arena(&peak, &size);
    vd_console_line("TLS arena: peak %lu of %lu bytes", (unsigned long)peak, (unsigned long)size);
}

static void show_resolvers(const struct vd_agent *agent)
{
    static const struct {
        uint8_t bit;
        const char *words;
    } troubles[] = {{VD_TROUBLE_NO_TCP, ", no TCP"},
                    {VD_TROUBLE_NO_EDNS, ", no EDNS"},
                    {VD_TROUBLE_TLS, ", TLS fails"},
                    {VD_TROUBLE_ATTACK, ", forged responses"},
                    {VD_TROUBLE_SERVFAIL, ", fails alone"}};
    char text[VD_ENDPOINT_TEXT_MAX];
    char line[VD_CONSOLE_LINE_MAX];
    char reason[VD_PATH_REASON_MAX];
    struct vd_text_writer w;

    for (unsigned i = 0; i < agent->paths.count; i++) {
        const struct vd_path *path = &agent->resolver.paths[i];
        vd_text_start(&w, line, sizeof(line));
        vd_paths_reason(&agent->paths.checks[i], agent->resolver.paths[i].tls_why, reason,
                        sizeof(reason));
        vd_text_put(&w, reason);
        for (size_t t = 0; t < sizeof troubles / sizeof troubles[0]; t++) {
            vd_text_put(&w, (path->troubles & troubles[t].bit) != 0 ? troubles[t].words : "");
        }
        vd_console_line("resolver %s (%s): %s, %lu of %lu answered, %lu ms",
                        vd_endpoint_text(&agent->resolver.servers[i].at, true, text),
                        vd_transport_str(agent->resolver.servers[i].transport), line,
                        (unsigned long)path->answered, (unsigned long)path->sent,
                        (unsigned long)path->srtt_ms);
    }
}

/* How long a change may go unseen: until the next look that can see it, and its confirmation.  What
   the resolvers keep in their caches is bridged by asking the zone's own servers. */
static unsigned long detection_s(const struct vd_agent *agent, size_t watch_index)
{
    const struct vd_watch *watch = &agent->config->watches[watch_index];
    bool has_authorities = agent->authorities[watch_index].count > 0;
    uint64_t look_ms = has_authorities ? agent->config->dns.authority_check_ms : watch->interval_ms;
    uint64_t confirm_ms = has_authorities ? 0 : watch->confirm_wait_ms;

    return (unsigned long)((look_ms + look_ms / 5u + confirm_ms) / 1000u);
}

/* Alerts of a watch in this condition. */
struct tally {
    unsigned acked, held, pending;
};

static struct tally tally_of(const struct vd_agent *agent, size_t watch_index)
{
    struct tally tally = {0, 0, 0};

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &agent->confirm.alerts[i];
        if (alert->state != VD_ALERT_FREE && alert->watch == watch_index) {
            tally.acked += alert->state == VD_ALERT_OPEN && alert->is_acked;
            tally.held += alert->is_held;
        }
    }
    for (uint32_t set = agent->baselines[watch_index].pending; set != 0; set &= set - 1u) {
        tally.pending++;
    }
    return tally;
}

/* Plans and windows need the calendar. */
static void show_calendar(const struct vd_agent *agent)
{
    int64_t unix_s;
    unsigned count = 0;

    for (size_t i = 0; i < agent->config->watches_count; i++) {
        const struct vd_watch *watch = &agent->config->watches[i];
        count += (unsigned)watch->plans_count + watch->windows_count;
    }
    if (count > 0 && vd_clock_calendar(&unix_s) == VD_CALENDAR_UNSET) {
        vd_console_line("the time is not known: plan = and maintenance = do not apply");
    }
}

static void show_status(const struct vd_agent *agent, uint64_t now_ms)
{
    const struct vd_config *config = agent->config;

    vd_console_line("up %lu s, %u alerts open, %lu events dropped", (unsigned long)(now_ms / 1000u),
                    vd_confirm_open_count(&agent->confirm, -1),
                    (unsigned long)vd_journal_dropped(&agent->journal));
    for (size_t i = 0; i < config->watches_count; i++) {
        const struct vd_watch_run *run = &agent->watches[i];
        uint64_t wait_ms = run->due_ms > now_ms ? run->due_ms - now_ms : 0;
        bool is_blind =
            run->is_unresolvable || run->blind != 0 || vd_paths_seeing(&agent->paths) == 0;
        vd_console_line("watch %s: %u open, %s, next look in %lu s", config->watches[i].domain,
                        vd_confirm_open_count(&agent->confirm, (int)i),
                        is_blind ? "blind" : "seeing", (unsigned long)(wait_ms / 1000u));
        struct tally tally = tally_of(agent, i);
        vd_console_line("  %u acknowledged, %u held or planned, %u records still pending",
                        tally.acked, tally.held, tally.pending);
        vd_console_line("  %u name servers of the zone; a change is told within %lu s%s",
                        agent->authorities[i].count, detection_s(agent, i),
                        agent->authorities[i].count > 0 ? ""
                                                        : " after the resolvers' caches let it go");
    }
    show_calendar(agent);
    show_resolvers(agent);
    for (unsigned i = 0; i < config->channels_count; i++) {
        const struct vd_channel_status *status = vd_dispatch_status(&agent->dispatch, i);
        vd_console_line("channel %s: %s, %lu delivered, %lu failures%s%s", config->channels[i].name,
                        vd_channel_state_str(status->state), (unsigned long)status->delivered,
                        (unsigned long)status->failures,
                        status->why[0] == '\0' ? "" : ", last: ", status->why);
    }
    show_arena();
}

static void show_alerts(const struct vd_agent *agent, uint64_t now_ms)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &agent->confirm.alerts[i];
        const struct vd_watch *watch = &agent->config->watches[alert->watch];
        bool has_selector = alert->kind == VD_SUBJECT_DKIM && alert->index < watch->selectors_count;
        if (alert->state != VD_ALERT_OPEN) {
            continue;
        }
        vd_console_line("alert %u: %s, %s: %s %s%s%s, open for %lu s%s", alert->number,
                        vd_code_info((enum vd_code)alert->code)->code,
                        vd_severity_str((enum vd_severity)alert->severity), watch->domain,
                        vd_subject_kind_str(alert->kind), has_selector ? " " : "",
                        has_selector ? watch->selectors[alert->index] : "",
                        (unsigned long)(now_ms / 1000u - alert->opened_s),
                        alert->is_acked ? ", acknowledged" : "");
    }
    vd_console_line("%u alerts open", vd_confirm_open_count(&agent->confirm, -1));
}

/* The number behind a word: "ack 12".  false: another command; 0: no number. */
static bool has_number(const char *command, const char *word, uint32_t *number)
{
    size_t len = strlen(word);

    if (strncmp(command, word, len) != 0 || (command[len] != ' ' && command[len] != '\0')) {
        return false;
    }
    *number = 0;
    for (const char *c = command + len + (command[len] == ' '); *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || *number > UINT16_MAX) {
            *number = 0;
            break;
        }
        *number = *number * 10u + (uint32_t)(*c - '0');
    }
    return true;
}

/* Commands that name an alert.  false: not one of them. */
static bool obey_numbered(const char *command, struct vd_agent *agent, uint64_t now_ms)
{
    uint32_t number;
    enum vd_status status;

    if (has_number(command, "ack", &number)) {
        status = vd_agent_ack(agent, number);
        vd_console_line(status == VD_OK ? "alert %lu: no more reminders" : "no open alert %lu",
                        (unsigned long)number);
    } else if (has_number(command, "accept", &number)) {
        status = vd_agent_accept(agent, number, now_ms);
        vd_console_line(status == VD_OK
                            ? "alert %lu: accepted, if it still says the same at the next look"
                            : "no open alert %lu",
                        (unsigned long)number);
    } else {
        return false;
    }
    return true;
}

static enum vd_status obey(const char *command, struct vd_agent *agent, uint64_t now_ms)
{
    if (command[0] == '\0') {
        return VD_OK;
    }
    if (strcmp(command, "status") == 0) {
        show_status(agent, now_ms);
    } else if (strcmp(command, "check") == 0) {
        vd_agent_check(agent, -1, now_ms);
    } else if (strcmp(command, "alerts") == 0) {
        show_alerts(agent, now_ms);
    } else if (obey_numbered(command, agent, now_ms)) {
        return VD_OK;
    } else if (strcmp(command, "version") == 0) {
        vd_console_line("vedette %s (%s)", vd_version, vd_build_id);
    } else if (strcmp(command, "halt") == 0) {
        return VD_CLOSED;
    } else {
        vd_console_line("commands: status, check, alerts, ack N, accept N, version, halt");
    }
    return VD_OK;
}

enum vd_status vd_console_poll(struct vd_console *console, struct vd_agent *agent, uint64_t now_ms)
{
    char c;

    for (unsigned i = 0; i < TAKE_MAX && vd_console_read(&c) == VD_OK; i++) {
        if (c != '\n' && c != '\r') {
            console->is_long |= console->len + 1u >= sizeof(console->line);
            if (!console->is_long) {
                console->line[console->len++] = c;
            }
            continue;
        }
        console->line[console->len] = '\0';
        bool is_long = console->is_long;
        console->len = 0;
        console->is_long = false;
        if (is_long) {
            vd_console_line("a command has at most %u characters", VD_CONSOLE_COMMAND_MAX - 1u);
        } else if (obey(console->line, agent, now_ms) == VD_CLOSED) {
            return VD_CLOSED;
        }
    }
    return VD_OK;
}

void vd_console_farewell(void)
{
    show_arena();
    vd_console_line("halted");
}
