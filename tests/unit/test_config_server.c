/*
 * firmware/config: servers.  A tls:// server that would verify nothing must never come to pass.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/unit/config_world.h"

/* SHA-256 of nothing, and its base64 in PIN. */
static const uint8_t pin[VD_PIN_LEN] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

/* Exactly these words, behind the value in quotes. */
static void expect_server(const char *value, const char *words)
{
    char line[1100], whole[VD_COMPLAINT_MAX];

    snprintf(line, sizeof line, "ca = x\nserver = %s\n", value);
    snprintf(whole, sizeof whole, "\"%.64s%s\" %s", value, strlen(value) > 64 ? "..." : "", words);
    expect_dns(line, 9, whole);
    assert_string_equal(told.texts[0], whole);
}

/* ---- servers that can be asked ---------------------------------------------------------------- */

static void test_every_form_of_server(void **state)
{
    static const struct {
        const char *value;
        uint8_t transport;
        const char *at;
        const char *name;
        bool has_pin;
    } rows[] = {
        {"9.9.9.9", VD_TRANSPORT_UDP, "9.9.9.9:53", "", false},
        {"9.9.9.9:5353", VD_TRANSPORT_UDP, "9.9.9.9:5353", "", false},
        {"9.9.9.9:1", VD_TRANSPORT_UDP, "9.9.9.9:1", "", false},
        {"9.9.9.9:65535", VD_TRANSPORT_UDP, "9.9.9.9:65535", "", false},
        {"127.0.0.1:5300", VD_TRANSPORT_UDP, "127.0.0.1:5300", "", false},
        {"223.255.255.254", VD_TRANSPORT_UDP, "223.255.255.254:53", "", false},
        {"2620:fe::fe", VD_TRANSPORT_UDP, "[2620:fe::fe]:53", "", false},
        {"2620:FE::FE", VD_TRANSPORT_UDP, "[2620:fe::fe]:53", "", false},
        {"2001:db8::53", VD_TRANSPORT_UDP, "[2001:db8::53]:53", "", false},
        {"2001:db8::1:1053", VD_TRANSPORT_UDP, "[2001:db8::1:1053]:53", "", false},
        {"[2001:db8::1:53]", VD_TRANSPORT_UDP, "[2001:db8::1:53]:53", "", false},
        {"[2620:fe::fe]", VD_TRANSPORT_UDP, "[2620:fe::fe]:53", "", false},
        {"[2620:fe::fe]:53", VD_TRANSPORT_UDP, "[2620:fe::fe]:53", "", false},
        {"[2620:FE::Fe]:5353", VD_TRANSPORT_UDP, "[2620:fe::fe]:5353", "", false},
        {"::1", VD_TRANSPORT_UDP, "[::1]:53", "", false},
        {"fd00::1", VD_TRANSPORT_UDP, "[fd00::1]:53", "", false},
        {"fec0::1", VD_TRANSPORT_UDP, "[fec0::1]:53", "", false},
        {"64:ff9b::192.0.2.1", VD_TRANSPORT_UDP, "[64:ff9b::c000:201]:53", "", false},
        {"udp://9.9.9.9", VD_TRANSPORT_UDP, "9.9.9.9:53", "", false},
        {"udp://[2620:fe::fe]:53", VD_TRANSPORT_UDP, "[2620:fe::fe]:53", "", false},
        {"tcp://9.9.9.9", VD_TRANSPORT_TCP, "9.9.9.9:53", "", false},
        {"tcp://[2620:fe::fe]", VD_TRANSPORT_TCP, "[2620:fe::fe]:53", "", false},
        {"TCP://9.9.9.9:5353", VD_TRANSPORT_TCP, "9.9.9.9:5353", "", false},
        {"tls://9.9.9.9#dns.quad9.net", VD_TRANSPORT_TLS, "9.9.9.9:853", "dns.quad9.net", false},
        {"Tls://9.9.9.9#DNS.Quad9.NET.", VD_TRANSPORT_TLS, "9.9.9.9:853", "dns.quad9.net", false},
        {"tls://[2620:fe::fe]:853#dns.quad9.net", VD_TRANSPORT_TLS, "[2620:fe::fe]:853",
         "dns.quad9.net", false},
        {"tls://9.9.9.9:8853#resolver", VD_TRANSPORT_TLS, "9.9.9.9:8853", "resolver", false},
        {"tls://9.9.9.9#" PIN, VD_TRANSPORT_TLS, "9.9.9.9:853", "", true},
        {"tls://[2620:fe::fe]#SHA256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
         VD_TRANSPORT_TLS, "[2620:fe::fe]:853", "", true},
    };
    char line[400], at[VD_ENDPOINT_TEXT_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vd_config_server *server = &config.servers[0];

        snprintf(line, sizeof line, "ca = dns.pem\nserver = %s\n", rows[i].value);
        parse_dns_ok(line);
        assert_int_equal(config.servers_count, 1);
        assert_int_equal(server->transport, rows[i].transport);
        assert_string_equal(vd_endpoint_text(&server->at, true, at), rows[i].at);
        assert_string_equal(server->name, rows[i].name);
        assert_int_equal(server->has_pin, rows[i].has_pin);
        if (server->has_pin) {
            assert_memory_equal(server->pin, pin, sizeof pin);
        }
        assert_int_equal(config.dns.ca_line, 8);
    }
}

static void test_every_bit_of_a_pin_is_read(void **state)
{
    static const char *const rows[][2] = {
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "\0\0"},
        {"//////////////////////////////////////////8=", "\xff\xff"},
        {"VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU=", "\x55\x55"},
        {"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=", "\xaa\xaa"},
    };
    char line[200];
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(line, sizeof line, "server = tls://192.0.2.1#sha256/%s\n", rows[i][0]);
        parse_dns_ok(line);
        for (j = 0; j < VD_PIN_LEN; j++) {
            assert_int_equal(config.servers[0].pin[j], (uint8_t)rows[i][1][0]);
        }
    }
}

static void test_hash_and_semicolon_in_a_value(void **state)
{
    (void)state;
    parse_dns_ok("ca = x\nserver=tls://9.9.9.9#dns.quad9.net ; filters\n"
                 "server = tls://9.9.9.10#" PIN "\t; does not\n"
                 "# server = 192.0.2.1\n; server = 192.0.2.2\n#server = 192.0.2.3\n");
    assert_int_equal(config.servers_count, 2);
    assert_string_equal(config.servers[0].name, "dns.quad9.net");
    assert_true(config.servers[1].has_pin);
    /* without the blank it belongs to the value, and is told */
    expect_dns("server = 9.9.9.9;x\n", 8, "\"9.9.9.9;x\" is no address");
    expect_dns("server = 192.0.2.1 # mine\n", 8, "a comment behind it begins with a blank and");
}

static void test_crlf_and_byte_order_mark_before_dns(void **state)
{
    (void)state;
    parse_ok("\xef\xbb\xbf[dns]\r\nserver = tls://9.9.9.9#dns.quad9.net\r\nca = x\r\n"
             "server = tls://[2001:db8::1]#" PIN "\r\nself-check-bad = *.net\r\n\r\n" REST);
    assert_string_equal(config.servers[0].name, "dns.quad9.net");
    assert_true(config.servers[1].has_pin);
    assert_string_equal(config.dns.self_check_bad, "net");
}

/* ---- servers that cannot ---------------------------------------------------------------------- */

#define NO_ADDRESS                                                                                 \
    "is no address: write 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353, with " \
    "a port from 1 to 65535"
#define A_NAME                                                                                     \
    "has a name where its address must stand: a resolver cannot be looked up, write its address"
#define NOT_ONE "is not the address of one server"
#define LINK_LOCAL                                                                                 \
    "is a link-local address, and nothing says on which link: write the server's global or "       \
    "unique local address"
#define MAPPED   "is an IPv4 address in the form of IPv6: write it as 192.0.2.53"
#define BRACKETS "needs brackets around its IPv6 address, as udp://[2001:db8::53]"
#define TWO_WAYS "may be an address, or an address and a port: write [ADDRESS] or [ADDRESS]:PORT"
#define BLANK                                                                                      \
    "has a blank in it: write one server a line; a comment behind it begins with a blank and "     \
    "\";\""
#define WHAT_WAY "asks in a way that we do not know: there are udp://, tcp:// and tls://"
#define NOTHING                                                                                    \
    "has no \"#\" part, and an address alone would verify nothing: write tls://ADDRESS#NAME, "     \
    "with the name that the certificate must bear, or tls://ADDRESS#sha256/PIN"
#define ONLY_TLS                                                                                   \
    "has a \"#\", which only tls:// servers have: write tls://ADDRESS#NAME; a port stands behind " \
    "\":\""
#define TLS_ON_53                                                                                  \
    "asks with TLS on port 53, which is the one for clear text: without a port it is 853"
#define CLEAR_ON_853                                                                               \
    "asks in clear text on port 853, which is the one for TLS: write tls://ADDRESS#NAME"

static void test_server_that_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"resolver.example", A_NAME},
        {"dns.google:53", A_NAME},
        {"localhost", A_NAME},
        {"tls://dns.quad9.net", A_NAME},
        {"tls://dns.quad9.net:853#dns.quad9.net", A_NAME},
        {"192.0.2", NO_ADDRESS},
        {"192.0.2.256", NO_ADDRESS},
        {"192.0.2.01", NO_ADDRESS},
        {"192.0.2.1:", NO_ADDRESS},
        {"192.0.2.1:0", NO_ADDRESS},
        {"192.0.2.1:65536", NO_ADDRESS},
        {"192.0.2.1:+53", NO_ADDRESS},
        {"192.0.2.1/", NO_ADDRESS},
        {"192.0.2.1@53", NO_ADDRESS},
        {"udp://", NO_ADDRESS},
        {"tls://#dns.quad9.net", NO_ADDRESS},
        {"tls:///9.9.9.9#dns.quad9.net", NO_ADDRESS},
        {"#dns.quad9.net", NO_ADDRESS},
        {"50%", NO_ADDRESS},
        {"2620:fe:0:0:0:0:0:fe:53", NO_ADDRESS},
        {"fe80:::1", NO_ADDRESS},
        {"2001:db8::12345", NO_ADDRESS},
        {"[2001:db8::1", NO_ADDRESS},
        {"[2001:db8::1]:", NO_ADDRESS},
        {"[2001:db8::1]:0", NO_ADDRESS},
        {"[2001:db8::1]53", NO_ADDRESS},
        {"[192.0.2.1]:53", NO_ADDRESS},
        {"2001:db8::1:53", TWO_WAYS},
        {"2001:db8::1:853", TWO_WAYS},
        {"2001:db8::1:5353", TWO_WAYS},
        {"udp://2620:fe::fe", BRACKETS},
        {"tls://2620:fe::fe:853#dns.quad9.net", BRACKETS},
        {"192.0.2.1 192.0.2.2", BLANK},
        {"tls://9.9.9.9 #dns.quad9.net", BLANK},
        {"tls://9.9.9.9# dns.quad9.net", BLANK},
        {"0.0.0.0", NOT_ONE},
        {"0.1.2.3", NOT_ONE},
        {"224.0.0.251:5353", NOT_ONE},
        {"255.255.255.255", NOT_ONE},
        {"tls://240.0.0.1#dns.quad9.net", NOT_ONE},
        {"::", NOT_ONE},
        {"[::]:53", NOT_ONE},
        {"::2", NOT_ONE},
        {"::192.0.2.1", NOT_ONE},
        {"ff02::fb", NOT_ONE},
        {"tcp://[ff0e::1]", NOT_ONE},
        {"fe80::1", LINK_LOCAL},
        {"[febf::1]:53", LINK_LOCAL},
        {"fe80::1%eth0", LINK_LOCAL},
        {"[fe80::1%25eth0]:53", LINK_LOCAL},
        {"FE80::1%2", LINK_LOCAL},
        {"::ffff:192.0.2.1", MAPPED},
        {"[::ffff:c000:201]:53", MAPPED},
        {"https://9.9.9.9/dns-query", WHAT_WAY},
        {"quic://9.9.9.9", WHAT_WAY},
        {"tlss://9.9.9.9", WHAT_WAY},
        {"tl://9.9.9.9", WHAT_WAY},
        {"://9.9.9.9", WHAT_WAY},
        {"tls://9.9.9.9", NOTHING},
        {"tls://9.9.9.9#", NOTHING},
        {"tls://[2620:fe::fe]:853", NOTHING},
        {"9.9.9.9#dns.quad9.net", ONLY_TLS},
        {"9.9.9.9#5353", ONLY_TLS},
        {"9.9.9.9#", ONLY_TLS},
        {"9.9.9.9#tls://x", ONLY_TLS},
        {"udp://9.9.9.9#dns.quad9.net", ONLY_TLS},
        {"tcp://[2620:fe::fe]#" PIN, ONLY_TLS},
        {"tls://9.9.9.9:53#dns.quad9.net", TLS_ON_53},
        {"9.9.9.9:853", CLEAR_ON_853},
        {"udp://[2620:fe::fe]:853", CLEAR_ON_853},
        {"tcp://9.9.9.9:853", CLEAR_ON_853},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_server(rows[i][0], rows[i][1]);
        assert_int_equal(config.servers_count, 0);
    }
}

static void test_name_or_pin_that_proves_nothing(void **state)
{
    static const char *const rows[][2] = {
        {"dns_quad9.net", "\"dns_quad9.net\" has a \"_\": a name has letters"},
        {"*.quad9.net", "has a \"*\""},
        {"dns..net", "has an empty label"},
        {".", "has an empty label"},
        {"dns.quad9.net..", "has an empty label"},
        {"dns.quad9.net;x", "has a \";\""},
        {"9.9.9.9", "\"9.9.9.9\" is an IP address, not a name"},
        {"2620:fe::fe", "is an IP address, not a name"},
        {"dns.quad9.net#x", "has a \"#\""},
        {"b\xc3\xbc"
         "cher.example",
         "write its A-label, \"xn--bcher-kva.example\""},
        {"sha512/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "has a \"/\""},
        {"sha256", NULL}, /* a name like any other */
        {"sha256/", "\"sha256/\" is no pin: write sha256/ and the 44 characters of base64, the "
                    "last one \"=\", of the SHA-256 of the server's public key"},
        {"sha256/=", "is no pin"},
        {"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "is no pin"}, /* curl's form */
        {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "is no pin"},
        {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU==", "is no pin"},
        {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA", "is no pin"},
        {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==", "is no pin"},
        {"sha256/47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", "is no pin"}, /* URL alphabet */
        {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", "is no pin"}, /* bits left over */
        {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF/=", "is no pin"},
        {"sha256/47DEQpj8HBSa+/TImW+5=CeuQeRkm5NMpJWZG3hSuFU=", "is no pin"},
        {"sha256/E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "is no pin"},
    };
    char line[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(line, sizeof line, "ca = x\nserver = tls://9.9.9.9#%s\n", rows[i][0]);
        if (rows[i][1] == NULL) {
            parse_dns_ok(line);
            assert_string_equal(config.servers[0].name, rows[i][0]);
        } else {
            expect_dns(line, 9, rows[i][1]);
            assert_int_equal(config.servers_count, 0);
        }
    }
}

static void test_name_of_253_characters_is_read_whole(void **state)
{
    char domain[300], line[600];

    (void)state;
    domain_of(253, domain);
    snprintf(line, sizeof line, "ca = x\nserver = tls://9.9.9.9#%s\n", domain);
    parse_dns_ok(line);
    assert_string_equal(config.servers[0].name, domain);
    domain_of(254, domain);
    snprintf(line, sizeof line, "ca = x\nserver = tls://9.9.9.9#%s\n", domain);
    expect_dns(line, 9, "is longer than 253 characters");
}

/* ---- servers together ------------------------------------------------------------------------- */

static void test_same_server_twice(void **state)
{
    static const char *const twice[][2] = {
        {"9.9.9.9", "9.9.9.9:53"},
        {"9.9.9.9", "UDP://9.9.9.9"},
        {"2620:fe::fe", "[2620:fe:0:0:0:0:0:fe]:53"},
        {"tcp://9.9.9.9", "tcp://9.9.9.9:53"},
        {"tls://9.9.9.9#a.example", "tls://9.9.9.9:853#b.example"},
        {"tls://9.9.9.9#a.example", "tls://9.9.9.9#" PIN},
    };
    char line[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof twice / sizeof twice[0]; i++) {
        snprintf(line, sizeof line, "ca = x\nserver = %s\nserver = %s\n", twice[i][0], twice[i][1]);
        expect_dns(line, 10, "is listed twice: that adds no second opinion");
    }
}

static void test_sources_are_different_addresses(void **state)
{
    static const struct {
        const char *lines;
        unsigned servers, sources;
    } rows[] = {
        {"", 0, 0},
        {"server = 9.9.9.9\n", 1, 1},
        {"server = 9.9.9.9\nserver = 9.9.9.9:5353\nserver = tcp://9.9.9.9\n"
         "server = tls://9.9.9.9#" PIN "\n",
         4, 1},
        {"server = 9.9.9.9\nserver = 9.9.9.10\n", 2, 2},
        {"server = 9.9.9.9\nserver = 1.1.1.1\nserver = tcp://9.9.9.9\n", 3, 2},
        {"server = 2001:db8::1\nserver = [2001:db8:0::1]:54\nserver = 2001:db8::2\n", 3, 2},
        {"server = 32.1.13.184\nserver = 2001:db8::\n", 2, 2}, /* the same first bytes */
        {"server = 192.0.2.1\nserver = 192.0.2.2\nserver = 2001:db8::1\nserver = 2001:db8::2\n", 4,
         4},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        parse_dns_ok(rows[i].lines);
        assert_int_equal(config.servers_count, rows[i].servers);
        assert_int_equal(vd_config_sources(&config), rows[i].sources);
    }
    parse_ok(REST); /* not even the section */
    assert_int_equal(vd_config_sources(&config), 0);
}

static void test_one_server_too_many(void **state)
{
    (void)state;
    expect_dns("server = 192.0.2.1\nserver = tcp://192.0.2.1\nserver = 2001:db8::1\n"
               "server = tls://192.0.2.1#" PIN "\nserver = 192.0.2.9\n",
               12,
               "\"192.0.2.9\" is one server too many: this image asks 4 at most (VD_SERVERS_MAX)");
    /* a server that is refused takes no room */
    expect_dns("server = 192.0.2.1\nserver = 192.0.2.2\nserver = 192.0.2.3\n"
               "server = tls://192.0.2.4\nserver = 192.0.2.5\n",
               11, "would verify nothing");
    assert_int_equal(config.servers_count, 4);
}

static void test_name_needs_a_ca(void **state)
{
    static const char words[] =
        "a tls:// server with a name needs ca = FILE in [dns]: the CAs that "
        "its certificate must lead to";

    (void)state;
    expect_dns("server = 192.0.2.1\nserver = tls://9.9.9.9#a.example\n"
               "server = tls://9.9.9.10#b.example\n",
               9, words);
    expect_dns("server = tls://192.0.2.1#" PIN "\nserver = tls://9.9.9.9#a.example\n", 9, words);
    parse_dns_ok("server = tls://9.9.9.9#a.example\nca = dns.pem\n"); /* in any order */
    assert_string_equal(config.dns.ca_file, "dns.pem");
    assert_int_equal(config.dns.ca_line, 9);
    parse_dns_ok("server = tls://9.9.9.9#" PIN "\nserver = tcp://9.9.9.9\n");
    assert_string_equal(config.dns.ca_file, "");
    assert_int_equal(config.dns.ca_line, 0);
    parse_dns_ok("ca = dns.pem\n"); /* not used: no mistake */
    /* one mistake, one complaint */
    expect_dns("server = tls://9.9.9.9#a.example\nca = /etc/dns.pem\n", 9,
               "\"/etc/dns.pem\" is no plain file name");
    expect_dns("server = tls://9.9.9.9#a_b\n", 8, "has a \"_\"");
    /* the ca of a [report] is another one */
    assert_string_equal(config.channels[0].ca_file, "ca.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_server),
        cmocka_unit_test(test_every_bit_of_a_pin_is_read),
        cmocka_unit_test(test_hash_and_semicolon_in_a_value),
        cmocka_unit_test(test_crlf_and_byte_order_mark_before_dns),
        cmocka_unit_test(test_server_that_is_refused),
        cmocka_unit_test(test_name_or_pin_that_proves_nothing),
        cmocka_unit_test(test_name_of_253_characters_is_read_whole),
        cmocka_unit_test(test_same_server_twice),
        cmocka_unit_test(test_sources_are_different_addresses),
        cmocka_unit_test(test_one_server_too_many),
        cmocka_unit_test(test_name_needs_a_ca),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
