/*
 * Wires the agent to its port, and turns the loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/agent.h"
#include "firmware/config.h"
#include "firmware/console.h"
#include "port/port.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_files.h"

#define CONFIG_FILE "vedette.ini"

/* Exit codes, for the emulator and a supervisor. */
#define EXIT_CONFIG 78 /* the configuration is wrong: starting again does not help */
#define EXIT_FAILED 71 /* the board lacks something */

/* Turns between "halt" and the end: close_notify and FIN get on their way. */
#define FAREWELL_MS 200u

static char config_text[VD_CONFIG_BYTES_MAX];
static struct vd_config config;
static struct vd_trust trusts[VD_CHANNELS_MAX];
static struct vd_trust dns_trust;
static struct vd_agent agent;
static struct vd_console console;

static void on_config_error(void *ctx, unsigned line, const char *text)
{
    (void)ctx;
    if (line == 0) {
        vd_console_line(CONFIG_FILE ": %s", text);
    } else {
        vd_console_line(CONFIG_FILE ":%u: %s", line, text);
    }
}

static enum vd_status load_config(void)
{
    size_t len;
    enum vd_status status =
        vd_files_read(CONFIG_FILE, (uint8_t *)config_text, sizeof(config_text), &len);

    if (status == VD_EFULL) {
        vd_console_line(CONFIG_FILE ": %lu bytes; VD_CONFIG_BYTES_MAX is %u", (unsigned long)len,
                        VD_CONFIG_BYTES_MAX);
    } else if (status != VD_OK) {
        vd_console_line(CONFIG_FILE ": %s", vd_status_str(status));
    } else {
        status = vd_config_parse(config_text, len, &config, on_config_error, NULL);
    }
    return status;
}

/* Read one file of trust anchors. */
static enum vd_status load_trust(const char *file, unsigned line, struct vd_trust *trust)
{
    enum vd_status status = vd_files_read(file, trust->bytes, VD_CA_BYTES_MAX, &trust->len);

    if (status != VD_OK) {
        vd_console_line(CONFIG_FILE ":%u: ca = %s: %s", line, file,
                        status == VD_EFULL ? "longer than VD_CA_BYTES_MAX" : vd_status_str(status));
        return status;
    }
    trust->bytes[trust->len++] = '\0';
    return VD_OK;
}

/* The trust anchors of each channel, and of the resolvers. */
static enum vd_status load_trusts(void)
{
    for (unsigned i = 0; i < config.channels_count; i++) {
        const struct vd_config_channel *channel = &config.channels[i];
        enum vd_status status = load_trust(channel->ca_file, channel->ca_line, &trusts[i]);
        if (status != VD_OK) {
            return status;
        }
    }
    return config.dns.ca_file[0] == '\0'
               ? VD_OK
               : load_trust(config.dns.ca_file, config.dns.ca_line, &dns_trust);
}

/* What the admin should know before he relies on it. */
static void show_config(void)
{
    vd_console_line("config: %u domain(s), %u resolver(s), %u channel(s)", config.watches_count,
                    config.servers_count, config.channels_count);
    if (config.servers_count > 0 && vd_config_sources(&config) < 2) {
        vd_console_line("warning: one resolver address only: what it says is confirmed by the "
                        "zones' own servers, or takes longer and is marked \"single source\"");
    }
    if (!config.dns.asks_authorities) {
        vd_console_line("warning: authorities = no: the zones' own servers are never asked");
    }
}

/* Turn until someone says halt. */
static void loop(void)
{
    for (;;) {
        vd_port_turn();
        uint64_t now_ms = vd_clock_ms();
        uint64_t next_ms = vd_agent_poll(&agent, vd_port_is_online(), now_ms);
        if (vd_console_poll(&console, &agent, now_ms) == VD_CLOSED) {
            return;
        }
        vd_port_idle(next_ms);
    }
}

static void say_farewell(void)
{
    vd_agent_stop(&agent);
    uint64_t end_ms = vd_clock_ms() + FAREWELL_MS;
    while (vd_clock_ms() < end_ms) {
        vd_port_turn();
        vd_port_idle(end_ms);
    }
    vd_console_farewell();
}

int main(void)
{
    struct vd_port port;

    if (vd_port_start(&port) != VD_OK) {
        return EXIT_FAILED;
    }
    if (load_config() != VD_OK || load_trusts() != VD_OK) {
        vd_console_line("not started: the configuration must be mended first");
        return EXIT_CONFIG;
    }
    show_config();
    if (vd_agent_init(&agent, &config, trusts, dns_trust.len > 0 ? &dns_trust : NULL, &port) !=
        VD_OK) {
        vd_console_line("not started: no random numbers");
        return EXIT_FAILED;
    }
    loop();
    say_farewell();
    return 0;
}
