/*
 * ask: put questions to real servers through the product's own resolver and sockets.
 *
 *     ask [OPTION ...] SERVER ... -- NAME TYPE [NAME TYPE ...]
 *
 * SERVER is written as in the config.  Options:
 *
 *     --ca FILE     trust anchors of tls:// servers with a name
 *     --authority   the servers are a zone's own
 *     --raw         one question after the other to the resolver; aliases are not followed
 *     --parallel N  with --raw: so many at once
 *     --first N     begin with this server
 *     --repeat N    the whole list so often; 0: until SIGTERM comes
 *     --gap MS      wait between two rounds
 *
 * Prints lines of fields with a tab between them, everything odd as \DDD:
 *
 *     answer NAME TYPE PRESENCE DETAIL LIMIT RCODE SERVER TRANSPORT AA AD EDE EDETEXT TTL SERIAL
 *            MINIMUM TRIES MS RECORD ...
 *     raised the same, for a name that an alias led to
 *     raw    the same, without records
 *     path   SERVER TROUBLES SRTT SENT ANSWERED MISMATCHES
 *     end    ROUNDS MS TURNS
 *
 * Exit code 0, 2 for a wrong command, 3 when a question was not settled in its time.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "dns/survey.h"
#include "firmware/config.h"
#include "port/port.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTIONS_MAX VD_SURVEY_QUESTIONS_MAX
#define CA_MAX        65536

/* Time beside the resolver's own bound: a busy machine under sanitizers. */
#define SLACK_MS 5000u

struct wanted {
    const char *name;
    uint16_t type;
};

struct options {
    const char *ca_file;
    bool is_authority;
    const char *zone; /* the apex that an authority is asked for; NULL: not known */
    bool is_raw;
    unsigned parallel, first, repeat, gap_ms;
};

static const struct {
    const char *word;
    uint16_t type;
} types[] = {
    {"A", VD_TYPE_A},     {"NS", VD_TYPE_NS},     {"CNAME", VD_TYPE_CNAME},
    {"SOA", VD_TYPE_SOA}, {"PTR", VD_TYPE_PTR},   {"MX", VD_TYPE_MX},
    {"TXT", VD_TYPE_TXT}, {"AAAA", VD_TYPE_AAAA}, {"DS", VD_TYPE_DS},
};

/* One word each, for the tests' tables. */
static const char *const details[] = {
    [VD_DETAIL_NONE] = "-",
    [VD_DETAIL_NODATA] = "nodata",
    [VD_DETAIL_NXDOMAIN] = "nxdomain",
    [VD_DETAIL_DANGLING] = "dangling",
    [VD_DETAIL_NOT_ASKED] = "not-asked",
    [VD_DETAIL_TIMEOUT] = "timeout",
    [VD_DETAIL_SERVFAIL] = "servfail",
    [VD_DETAIL_REFUSED] = "refused",
    [VD_DETAIL_RCODE] = "rcode",
    [VD_DETAIL_LAME] = "lame",
    [VD_DETAIL_TRUNCATED] = "truncated",
    [VD_DETAIL_SUSPECT] = "suspect",
    [VD_DETAIL_MALFORMED] = "malformed",
    [VD_DETAIL_CHAIN] = "chain",
    [VD_DETAIL_LIMIT] = "limit",
    [VD_DETAIL_NETWORK] = "network",
    [VD_DETAIL_TLS] = "tls",
    [VD_DETAIL_FILTERED] = "filtered",
    [VD_DETAIL_DNSSEC] = "dnssec",
    [VD_DETAIL_STALE] = "stale",
    [VD_DETAIL_UPSTREAM] = "upstream",
    [VD_DETAIL_ATTACK] = "attack",
    [VD_DETAIL_INTERCEPTED] = "intercepted",
};

static struct options options = {.parallel = 1, .repeat = 1};
static struct wanted wanted[QUESTIONS_MAX];
static unsigned wanted_count;
static struct vd_config configs[VD_SERVERS_MAX]; /* what each SERVER says */
static unsigned servers_count;
static uint8_t ca[CA_MAX];
static size_t ca_len;

static struct vd_resolver resolver;
static struct vd_survey survey;
static unsigned long turns;
static unsigned raw_open;
static volatile sig_atomic_t is_told_to_end;

static void fail(const char *what, const char *about)
{
    fprintf(stderr, "ask: %s: %s\n", about, what);
    exit(2);
}

/* ---- the command line -------------------------------------------------------------------------- */

static void complain(void *ctx, unsigned line, const char *text)
{
    fprintf(stderr, "ask: %s: line %u: %s\n", (const char *)ctx, line, text);
}

static void add_server(const char *text)
{
    char ini[1024];
    int len;

    if (servers_count == VD_SERVERS_MAX) {
        fail("too many servers", text);
    }
    len = snprintf(ini, sizeof(ini),
                   "[dns]\nserver = %s\n%s[watch example.org]\n"
                   "[report soc]\nurl = syslogs://collector.example.org\nca = ca.pem\n",
                   text, strchr(text, '#') && !strstr(text, "#sha256/") ? "ca = ca.pem\n" : "");
    if (len < 0 || (size_t)len >= sizeof(ini) ||
        vd_config_parse(ini, (size_t)len, &configs[servers_count], complain, (void *)text) !=
            VD_OK) {
        fail("not a server", text);
    }
    servers_count++;
}

static uint16_t read_type(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].word, text) == 0) {
            return types[i].type;
        }
    }
    fail("not a type that is asked for", text);
    return 0;
}

static unsigned read_number(const char *text)
{
    char *end;
    unsigned long n;

    if (!text) {
        fail("a number is missing", "options");
    }
    n = strtoul(text, &end, 10);
    if (*end != '\0' || end == text || n > 10000000) {
        fail("not a number", text);
    }
    return (unsigned)n;
}

static void read_options(char **argv)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++) {
        if (strcmp(*argv, "--authority") == 0) {
            options.is_authority = true;
        } else if (strcmp(*argv, "--zone") == 0) {
            options.zone = *++argv;
        } else if (strcmp(*argv, "--raw") == 0) {
            options.is_raw = true;
        } else if (strcmp(*argv, "--ca") == 0) {
            options.ca_file = *++argv;
        } else if (strcmp(*argv, "--parallel") == 0) {
            options.parallel = read_number(*++argv);
        } else if (strcmp(*argv, "--first") == 0) {
            options.first = read_number(*++argv);
        } else if (strcmp(*argv, "--repeat") == 0) {
            options.repeat = read_number(*++argv);
        } else if (strcmp(*argv, "--gap") == 0) {
            options.gap_ms = read_number(*++argv);
        } else if ((*argv)[0] == '-') {
            fail("no such option", *argv);
        } else {
            add_server(*argv);
        }
    }
    while (*argv && argv[1] && argv[2]) {
        if (wanted_count == QUESTIONS_MAX) {
            fail("too many questions", argv[1]);
        }
        wanted[wanted_count].name = argv[1];
        wanted[wanted_count++].type = read_type(argv[2]);
        argv += 2;
    }
    if (!*argv || argv[1] || wanted_count == 0 || servers_count == 0) {
        fail("usage: ask [OPTION ...] SERVER ... -- NAME TYPE [NAME TYPE ...]", "command line");
    }
}

static void read_ca(void)
{
    FILE *file = fopen(options.ca_file, "rb");

    if (!file) {
        fail("cannot be read", options.ca_file);
    }
    ca_len = fread(ca, 1, CA_MAX - 1, file);
    fclose(file);
    ca[ca_len++] = '\0';
}

/* ---- what is printed --------------------------------------------------------------------------- */

static void put_escaped(const uint8_t *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (bytes[i] < 0x20 || bytes[i] > 0x7e || bytes[i] == '\\') {
            printf("\\%03u", bytes[i]);
        } else {
            putchar(bytes[i]);
        }
    }
}

static void put_hex(const uint8_t *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        printf("%02x", bytes[i]);
    }
}

static const char *type_str(uint16_t type)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type) {
            return types[i].word;
        }
    }
    return "?";
}

static const char *detail_str(uint8_t detail)
{
    return detail < sizeof(details) / sizeof(details[0]) ? details[detail] : "?";
}

static void put_record(const struct vd_record *record)
{
    struct vd_span span = vd_snapshot_span(&survey.snapshot, record);

    printf("\t%s=", type_str(record->type));
    if (record->type == VD_TYPE_MX) {
        printf("%u ", record->preference);
    }
    if (record->type == VD_TYPE_A || record->type == VD_TYPE_AAAA || record->type == VD_TYPE_DS) {
        put_hex(span.bytes, span.len);
    } else {
        put_escaped(span.bytes, span.len);
    }
}

static const char *presence_str(uint8_t presence)
{
    return presence == VD_PRESENT ? "present" : presence == VD_ABSENT ? "absent" : "unknown";
}

/* The number, or "-" for the one that stands for none. */
static void put_or_none(uint32_t n, uint32_t none)
{
    if (n == none) {
        printf("\t-");
    } else {
        printf("\t%" PRIu32, n);
    }
}

static void put_answer(const struct vd_answer *answer, const char *what)
{
    const struct vd_snapshot *snapshot = &survey.snapshot;
    unsigned hops;
    unsigned i;

    printf("%s\t%s\t%s\t%s\t%s\t%s", what, vd_snapshot_name(snapshot, answer),
           type_str(answer->type), presence_str(answer->presence), detail_str(answer->detail),
           vd_limit_str(answer->limit));
    put_or_none(answer->rcode, VD_RCODE_NONE);
    printf("\t%u\t%s\t%d\t%d", answer->server, vd_transport_str(answer->transport), answer->is_aa,
           answer->is_ad);
    put_or_none(answer->ede, VD_EDE_NONE);
    printf("\t%s", answer->ede_text ? (const char *)snapshot->bytes + answer->ede_text : "");
    put_or_none(answer->ttl_s, UINT32_MAX);
    if (answer->has_soa) {
        printf("\t%" PRIu32 "\t%" PRIu32, answer->soa_serial, answer->soa_minimum);
    } else {
        printf("\t-\t-");
    }
    printf("\t%u\t%" PRIu32, answer->tries, answer->rtt_ms);
    /* An alias loop over several answers is one in the snapshot, too. */
    for (hops = 0; hops < snapshot->answers_count; hops++) {
        for (i = 0; i < answer->count; i++) {
            put_record(&snapshot->records[answer->first + i]);
        }
        if (answer->next == VD_ANSWER_NONE) {
            break;
        }
        answer = &snapshot->answers[answer->next];
    }
    putchar('\n');
}

static void put_raw(void *ctx, unsigned token, const struct vd_question *question,
                    const struct vd_reply *reply)
{
    const struct vd_evidence *evidence = &reply->gist.evidence;

    (void)ctx;
    raw_open--;
    printf("raw\t%s\t%s\t%s\t%s\t%s", wanted[token].name, type_str(question->type),
           presence_str(reply->gist.presence), detail_str(reply->gist.detail),
           vd_limit_str(reply->gist.limit));
    put_or_none(evidence->rcode, VD_RCODE_NONE);
    printf("\t%u\t%s\t%d\t%d", reply->server, vd_transport_str(reply->transport), evidence->is_aa,
           evidence->is_ad);
    put_or_none(evidence->ede, VD_EDE_NONE);
    printf("\t%s", evidence->ede_text);
    put_or_none(reply->gist.ttl_s, UINT32_MAX);
    if (evidence->has_soa) {
        printf("\t%" PRIu32 "\t%" PRIu32, evidence->soa_serial, evidence->soa_minimum);
    } else {
        printf("\t-\t-");
    }
    printf("\t%u\t%" PRIu32 "\n", reply->tries, reply->rtt_ms);
}

static void put_paths(void)
{
    unsigned i;
    unsigned base = options.is_authority ? VD_AUTHORITY(0) : 0;

    for (i = base; i < base + servers_count; i++) {
        const struct vd_path *path = &resolver.paths[i];

        printf("path\t%u\t%s%s%s%s%s\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\n", i,
               path->troubles & VD_TROUBLE_NO_TCP ? "no-tcp " : "",
               path->troubles & VD_TROUBLE_NO_EDNS ? "no-edns " : "",
               path->troubles & VD_TROUBLE_TLS ? "tls " : "",
               path->troubles & VD_TROUBLE_ATTACK ? "attack " : "",
               path->troubles & VD_TROUBLE_SERVFAIL ? "servfail " : "", path->srtt_ms, path->sent,
               path->answered, path->mismatches);
    }
}

/* ---- rounds ------------------------------------------------------------------------------------ */

static void rest(uint64_t until_ms)
{
    uint64_t now_ms = vd_clock_ms();
    char c;

    vd_port_idle(until_ms < now_ms + 100 ? until_ms : now_ms + 100);
    vd_port_turn();
    while (vd_console_read(&c) == VD_OK) { /* as the agent does: unread input would wake the loop */
    }
    turns++;
}

static void stop_when_late(uint64_t since_ms, uint64_t bound_ms)
{
    if (vd_clock_ms() - since_ms > bound_ms + SLACK_MS) {
        put_paths();
        fflush(stdout);
        fprintf(stderr, "ask: not settled after %u ms\n", (unsigned)bound_ms);
        exit(3);
    }
}

static uint16_t all_servers(void)
{
    return options.is_authority ? VD_AUTHORITIES_ALL : VD_SERVERS_ALL;
}

static uint8_t first_server(void)
{
    return (uint8_t)(options.is_authority ? VD_AUTHORITY(options.first) : options.first);
}

static void survey_round(void)
{
    uint64_t began_ms = vd_clock_ms();
    unsigned i;

    vd_survey_start(&survey, &resolver, NULL, all_servers(), first_server(), began_ms);
    for (i = 0; i < wanted_count; i++) {
        enum vd_status status = vd_survey_want(&survey, wanted[i].name, wanted[i].type, VD_ASK_OWN);

        if (status != VD_OK && status != VD_OTHER) {
            fail("the survey does not take it", wanted[i].name);
        }
    }
    while (vd_survey_poll(&survey, vd_clock_ms()) == VD_AGAIN) {
        rest(vd_survey_next_ms(&survey));
        /* An alias that leaves its answer is a question after the other. */
        stop_when_late(began_ms, (uint64_t)VD_QUESTION_MAX_MS * (VD_CHAIN_MAX + 1));
    }
    for (i = 0; i < survey.snapshot.answers_count; i++) {
        put_answer(&survey.snapshot.answers[i], i < wanted_count ? "answer" : "raised");
    }
}

static void raw_round(void)
{
    uint64_t asked_ms = vd_clock_ms();
    unsigned next = 0;

    resolver.done = put_raw;
    while (next < wanted_count || raw_open > 0) {
        while (next < wanted_count && raw_open < options.parallel) {
            struct vd_question question = {.type = wanted[next].type};

            if (vd_name_from_text(wanted[next].name, &question.name) != VD_OK) {
                fail("not a name", wanted[next].name);
            }
            asked_ms = vd_clock_ms();
            if (vd_resolver_ask(&resolver, &question, all_servers(), first_server(), next,
                                asked_ms) != VD_OK) {
                break;
            }
            raw_open++;
            next++;
        }
        vd_resolver_poll(&resolver, vd_clock_ms());
        if (raw_open > 0) {
            rest(vd_resolver_next_ms(&resolver));
        }
        stop_when_late(asked_ms, VD_QUESTION_MAX_MS);
    }
}

static void on_term(int number)
{
    (void)number;
    is_told_to_end = 1;
}

static bool goes_on(unsigned rounds)
{
    return options.repeat == 0 ? !is_told_to_end : rounds < options.repeat;
}

static void wait_gap(void)
{
    uint64_t until_ms = vd_clock_ms() + options.gap_ms;

    while (vd_clock_ms() < until_ms) {
        vd_resolver_poll(&resolver, vd_clock_ms());
        rest(until_ms);
    }
}

static void set_servers(void)
{
    static struct vd_name zone;
    unsigned i;

    if (options.zone != NULL && vd_name_from_text(options.zone, &zone) != VD_OK) {
        fail("not a name", options.zone);
    }
    for (i = 0; i < servers_count; i++) {
        const struct vd_config_server *from = &configs[i].servers[0];
        struct vd_server server = {.transport = from->transport,
                                   .is_authority = options.is_authority,
                                   .zone = options.zone != NULL ? &zone : NULL,
                                   .at = from->at,
                                   .name = from->name[0] ? from->name : NULL,
                                   .pin = from->has_pin ? from->pin : NULL};

        vd_resolver_set_server(&resolver, options.is_authority ? VD_AUTHORITY(i) : i, &server);
    }
}

int main(int argc, char **argv)
{
    struct vd_resolver_setup setup = {.random = vd_entropy_random};
    struct vd_port port;
    uint64_t began_ms;
    unsigned rounds;

    (void)argc;
    signal(SIGTERM, on_term);
    setvbuf(stdout, NULL, _IOLBF, 0);
    read_options(argv + 1);
    if (options.ca_file) {
        read_ca();
    }
    if (vd_port_start(&port) != VD_OK) {
        fail("did not start", "port");
    }
    setup.datagram = port.datagram;
    setup.tcp = port.tcp;
    setup.tls = port.stream;
    setup.ca = ca_len ? ca : NULL;
    setup.ca_len = ca_len;
    vd_resolver_init(&resolver, &setup);
    set_servers();

    began_ms = vd_clock_ms();
    for (rounds = 0; goes_on(rounds); rounds++) {
        if (rounds > 0 && options.gap_ms > 0) {
            wait_gap();
        }
        if (options.is_raw) {
            raw_round();
        } else {
            survey_round();
        }
    }
    put_paths();
    printf("end\t%u\t%" PRIu64 "\t%lu\n", rounds, vd_clock_ms() - began_ms, turns);
    vd_resolver_cancel(&resolver);
    return 0;
}
