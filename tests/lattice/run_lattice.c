/*
 * Rows of the lattice through the whole agent, on a clock of its own.
 *
 *     run_lattice < rows
 *
 * Rows are made by lattice.py.  For each one the agent is started anew and sees one world after the
 * other; while it waits for nothing but time, the clock jumps.  Where a world has a port, its answers
 * come from a real server on loopback, else from the tables.
 *
 * Prints, with a tab between the fields: "row ID", "event WORLD CODE CLASS SEVERITY AXES RECORD TYPE
 * OLD NEW MEND PATH" for each, "failed WHY", "done".
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "firmware/agent.h"
#include "firmware/config.h"
#include "port/port.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "port/posix/posix.h"
#include "port/posix/socket.h"
#include "tests/lattice/ports.h"
#include "tests/lattice/zones.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 262144u
#define TURNS_MAX      2000000u

/* ---- the clock --------------------------------------------------------------------------------- */

static uint64_t jumped_ms; /* what was not waited for */
static int64_t began_s;    /* calendar at the start of the row */

static uint64_t real_ms(void)
{
    static uint64_t first;
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t at = (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
    first = first == 0 ? at : first;
    return at - first;
}

static bool is_real; /* the present world has a server: waiting takes its time */
static uint64_t direct_ms;

uint64_t vd_clock_ms(void)
{
    return 1000u + jumped_ms + (is_real ? real_ms() : direct_ms);
}

enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    *unix_s = began_s + (int64_t)(vd_clock_ms() / 1000u);
    return VD_CALENDAR_RTC;
}

/* ---- the console ------------------------------------------------------------------------------- */

void vd_console_line(const char *format, ...)
{
    va_list args;

    if (getenv("LATTICE_CONSOLE") == NULL) {
        return;
    }
    va_start(args, format);
    fprintf(stderr, "%8lu  ", (unsigned long)(vd_clock_ms() / 1000u));
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* ---- the rest of the port ----------------------------------------------------------------------- */

/* The same numbers in every run (xorshift): a row that fails, fails again. */
enum vd_status vd_entropy_random(void *out, size_t len)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((uint8_t *)out)[i] = (uint8_t)(state >> 32);
    }
    return VD_OK;
}

size_t vd_port_dns_servers(struct vd_endpoint *out, size_t max)
{
    (void)out;
    (void)max;
    return 0;
}

const char *vd_port_device_id(void)
{
    return "020000000001";
}

static void wait_for_server(uint64_t wait_ms)
{
    static struct vd_posix_wait wait;

    wait.count = 0;
    vd_posix_datagram_wait(&wait);
    vd_posix_tcp_wait(&wait);
    int timeout = (int)wait_ms;
    if (poll(wait.fds, wait.count, timeout) > 0) {
        for (nfds_t i = 0; i < wait.count; i++) {
            if (wait.fds[i].revents != 0 && wait.told[i] != NULL) {
                *wait.told[i] = true;
            }
        }
    }
}

/* ---- the row ----------------------------------------------------------------------------------- */

static struct world worlds[WORLDS_MAX];
static size_t worlds_count;
static size_t at_world;
static char config_text[VD_CONFIG_BYTES_MAX + 1];
static size_t config_len;
static unsigned minutes;
static char row_id[512];

static struct vd_config config;
static struct vd_trust trusts[VD_CHANNELS_MAX];
static struct vd_agent agent;

/* ---- events ------------------------------------------------------------------------------------- */

static void print_field(const char *text)
{
    putchar('\t');
    for (; *text != '\0'; text++) {
        putchar(*text == '\t' || *text == '\n' ? ' ' : *text);
    }
}

static void print_event(const struct vd_event *event)
{
    char axes[VD_AXIS_TEXT_MAX];
    bool is_back = event->class_ == VD_CLASS_RESTORED && event->restores[0] != '\0';

    printf("event\t%u", (unsigned)at_world);
    print_field(is_back ? event->restores : event->code);
    print_field(vd_class_str(event->class_));
    print_field(vd_severity_str(event->severity));
    print_field(vd_axis_text(event->axis, axes));
    print_field(event->record);
    print_field(event->rtype);
    print_field(event->old_text);
    print_field(event->new_text);
    print_field(event->mend);
    print_field(event->path);
    putchar('\n');
}

/* Turns of this look, for the message that sums them up at first contact. */
#define PARTS_MAX 64u
static struct vd_event parts[PARTS_MAX];
static char part_words[PARTS_MAX][6][600];
static size_t parts_count;

static const char *keep(char *to, const char *text)
{
    snprintf(to, sizeof part_words[0][0], "%s", text);
    return to;
}

static void keep_part(const struct vd_event *event)
{
    if (parts_count == PARTS_MAX) {
        return;
    }
    char(*words)[600] = part_words[parts_count];
    struct vd_event *part = &parts[parts_count++];
    *part = *event;
    part->record = keep(words[0], event->record);
    part->old_text = keep(words[1], event->old_text);
    part->new_text = keep(words[2], event->new_text);
    part->mend = keep(words[3], event->mend);
    part->path = keep(words[4], event->path);
    part->rtype = keep(words[5], event->rtype);
}

void __real_vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                         const struct vd_alert *alert, const struct vd_finding *finding,
                         const struct vd_subject *subject, struct vd_event *event, char *words);
void __wrap_vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                         const struct vd_alert *alert, const struct vd_finding *finding,
                         const struct vd_subject *subject, struct vd_event *event, char *words);

void __wrap_vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                         const struct vd_alert *alert, const struct vd_finding *finding,
                         const struct vd_subject *subject, struct vd_event *event, char *words)
{
    __real_vd_tell_turn(tell, turn, alert, finding, subject, event, words);
    if (turn == VD_CONFIRM_OPENED) {
        keep_part(event);
    }
}

enum vd_status __real_vd_agent_write_down(struct vd_agent *a, struct vd_event *event);
enum vd_status __wrap_vd_agent_write_down(struct vd_agent *a, struct vd_event *event);

enum vd_status __wrap_vd_agent_write_down(struct vd_agent *a, struct vd_event *event)
{
    enum vd_status status = __real_vd_agent_write_down(a, event);

    if (status != VD_OK) {
        return status;
    }
    if (strcmp(event->code, vd_code_info(VD_CODE_DOMAIN_FIRST)->code) == 0) {
        for (size_t i = 0; i < parts_count; i++) {
            print_event(&parts[i]);
        }
    } else {
        print_event(event);
    }
    parts_count = 0;
    return status;
}

/* ---- running -------------------------------------------------------------------------------------- */

static void on_error(void *ctx, unsigned line, const char *text)
{
    (void)ctx;
    printf("failed\tconfiguration, line %u: %s\n", line, text);
}

static bool start(void)
{
    static struct vd_tcp_port tcp;
    struct vd_port port = {.datagram = &lattice_direct, .stream = &lattice_collector};

    memset(&agent, 0, sizeof agent);
    lattice_forget();
    parts_count = 0;
    trusts[0].len = 1;
    is_real = worlds[0].port != 0;
    direct_ms = 0;
    jumped_ms = is_real ? 0 - real_ms() : 0;
    if (vd_config_parse(config_text, config_len, &config, on_error, NULL) != VD_OK) {
        return false;
    }
    if (is_real) {
        tcp = *vd_posix_tcp_port();
        tcp.open = lattice_tcp_open;
        port.datagram = &lattice_real;
        port.tcp = &tcp;
    }
    if (vd_agent_init(&agent, &config, trusts, NULL, &port) != VD_OK) {
        puts("failed\tthe agent does not start");
        return false;
    }
    return true;
}

/* Time goes on: at once, or as long as a real server takes. */
static void pass_time(uint64_t next_ms, uint64_t end_ms)
{
    uint64_t now_ms = vd_clock_ms();
    bool is_busy = agent.job != VD_JOB_NONE;

    next_ms = next_ms < end_ms ? next_ms : end_ms;
    if (is_real && is_busy) {
        wait_for_server(next_ms < now_ms ? 0 : next_ms - now_ms < 20u ? next_ms - now_ms : 20u);
    } else if (lattice_has_answers()) {
        direct_ms++;
    } else if (next_ms > now_ms) {
        jumped_ms += next_ms - now_ms;
    }
}

static void live_in(size_t world)
{
    uint64_t end_ms = vd_clock_ms() + minutes * 60000ull;

    at_world = world;
    lattice_world = &worlds[world];
    for (unsigned turns = 0; vd_clock_ms() < end_ms; turns++) {
        if (turns == TURNS_MAX) {
            puts("failed\tthe agent turns without end");
            return;
        }
        uint64_t next_ms = vd_agent_poll(&agent, true, vd_clock_ms());
        pass_time(next_ms, end_ms);
    }
}

static void run_row(void)
{
    printf("row\t%s\n", row_id);
    if (start()) {
        for (size_t i = 0; i < worlds_count; i++) {
            live_in(i);
        }
        vd_agent_stop(&agent);
    }
    puts("done");
    fflush(stdout);
}

/* ---- reading the rows -------------------------------------------------------------------------------- */

static size_t from_hex(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = 0;
    unsigned octet;

    while (len < cap && sscanf(hex + 2 * len, "%2x", &octet) == 1) {
        out[len++] = (uint8_t)octet;
    }
    return len;
}

static void read_name(const char *hex, struct vd_name *name)
{
    name->len = (uint8_t)from_hex(hex, name->wire, sizeof name->wire);
}

static void forget_row(void)
{
    for (size_t i = 0; i < WORLDS_MAX; i++) {
        for (size_t k = 0; k < worlds[i].records_count; k++) {
            free(worlds[i].records[k].rdata);
        }
        worlds[i].records_count = worlds[i].zones_count = worlds[i].failing_count = 0;
        worlds[i].port = 0;
    }
    worlds_count = 0;
}

static void die(const char *why)
{
    fprintf(stderr, "run_lattice: %s: %s\n", row_id, why);
    exit(2);
}

static void read_record(struct world *world, char *const fields[])
{
    static uint8_t rdata[65535];

    if (world->records_count == RECORDS_MAX) {
        die("more records than RECORDS_MAX");
    }
    struct zone_record *record = &world->records[world->records_count++];
    read_name(fields[1], &record->owner);
    record->type = (uint16_t)atoi(fields[2]);
    record->ttl = (uint32_t)atol(fields[3]);
    record->len = (uint16_t)from_hex(fields[4], rdata, sizeof rdata);
    record->rdata = malloc(record->len + 1u);
    memcpy(record->rdata, rdata, record->len);
}

static void read_line(char *const fields[])
{
    struct world *world = &worlds[worlds_count > 0 ? worlds_count - 1 : 0];

    if (strcmp(fields[0], "row") == 0) {
        forget_row();
        snprintf(row_id, sizeof row_id, "%s", fields[1]);
    } else if (strcmp(fields[0], "config") == 0) {
        config_len = from_hex(fields[1], (uint8_t *)config_text, VD_CONFIG_BYTES_MAX);
    } else if (strcmp(fields[0], "hours") == 0) {
        minutes = (unsigned)atoi(fields[1]);
    } else if (strcmp(fields[0], "at") == 0) {
        began_s = atol(fields[1]);
    } else if (strcmp(fields[0], "world") == 0) {
        if (worlds_count == WORLDS_MAX) {
            die("more worlds than WORLDS_MAX");
        }
        worlds_count++;
    } else if (strcmp(fields[0], "zone") == 0 && world->zones_count < ZONES_MAX) {
        read_name(fields[1], &world->zones[world->zones_count++]);
    } else if (strcmp(fields[0], "fail") == 0 && world->failing_count < ZONES_MAX) {
        read_name(fields[1], &world->failing[world->failing_count++]);
    } else if (strcmp(fields[0], "server") == 0) {
        world->port = (uint16_t)atoi(fields[2]);
    } else if (strcmp(fields[0], "rr") == 0) {
        read_record(world, fields);
    } else if (strcmp(fields[0], "end") == 0) {
        run_row();
    } else {
        die("a line that is not understood");
    }
}

int main(void)
{
    static char line[LINE_MAX_BYTES];

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *fields[8];
        size_t count = 0;
        line[strcspn(line, "\n")] = '\0';
        for (char *at = line; at != NULL && count < 7; count++) {
            fields[count] = at;
            at = strchr(at, '\t');
            if (at != NULL) {
                *at++ = '\0';
            }
        }
        for (; count < 8; count++) {
            fields[count] = line + strlen(line);
        }
        read_line(fields);
    }
    return 0;
}
