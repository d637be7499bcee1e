/*
 * Addresses of both families, the resolvers that the network names, and datagrams.
 *
 * lwIP starts once; each test finds the network that the one before has left, as a device does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/limits.h"
#include "port/lwip/dns_servers.h"
#include "port/lwip/net.h"
#include "tests/unit-lwip/wire.h"

#define SERVERS 8u
#define DHCP6   0x40u /* "other configuration" (RFC 4861, section 4.2) */
#define LONG_S  86400u

static enum vd_status open_to(const char *text, uint16_t local_port, unsigned *socket)
{
    struct vd_endpoint to = wire_endpoint(text, 53);

    return vd_lwip_datagram_port()->open(NULL, local_port, &to, socket);
}

static enum vd_status try_open(const char *text)
{
    unsigned socket;
    enum vd_status status = open_to(text, 50000, &socket);

    if (status == VD_OK) {
        vd_lwip_datagram_port()->close(NULL, socket);
    }
    return status;
}

/* The resolvers, with a space after each. */
static const char *servers(void)
{
    static char out[SERVERS * VD_ENDPOINT_TEXT_MAX];
    struct vd_endpoint at[SERVERS];
    char text[VD_ENDPOINT_TEXT_MAX];
    size_t count = vd_lwip_dns_servers(at, SERVERS);

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(at[i].port, 53);
        strcat(out, vd_endpoint_text(&at[i], false, text));
        strcat(out, " ");
    }
    return out;
}

static void set_dhcp_servers(const uint8_t *octets, uint8_t len)
{
    wire.dhcp_options[0] = 6;
    wire.dhcp_options[1] = len;
    memcpy(wire.dhcp_options + 2, octets, len);
    wire.dhcp_options_len = 2u + len;
}

static void set_dhcp6_servers(const char *a, const char *b)
{
    wire.dhcp6_servers_count = 0;
    wire.dhcp6_servers[wire.dhcp6_servers_count++] = wire_endpoint(a, 53);
    if (b != NULL) {
        wire.dhcp6_servers[wire.dhcp6_servers_count++] = wire_endpoint(b, 53);
    }
}

static void replug(void)
{
    wire.is_link_up = false;
    wire_run_ms(1000);
    wire.is_link_up = true;
    wire_run_ms(6000);
}

/* A new advertisement with one server. */
static void advertise(const char *server, uint32_t lifetime_s)
{
    wire.ra_options_len = 0;
    wire_add_rdnss(server, lifetime_s);
    wire_advertise();
    wire_run_ms(2);
    wire.ra_options_len = 0;
}

static void wait_for_lease(void)
{
    wire.has_dhcp = true;
    wire_run_ms(70000); /* discovery backs off */
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void test_without_a_link_there_is_no_way_out(void **state)
{
    (void)state;
    wire_run_ms(5000);
    assert_false(vd_lwip_is_online());
    assert_int_equal(try_open("10.0.0.2"), VD_EIO);
    assert_int_equal(try_open("2001:db8::2"), VD_EIO);
    assert_int_equal(try_open("fe80::2"), VD_EIO);
    assert_string_equal(wire.console, "");
}

static void test_link_local_address_reaches_neighbours_only(void **state)
{
    (void)state;
    wire.is_link_up = true;
    wire_run_ms(3000);
    assert_false(vd_lwip_is_online());
    assert_int_equal(try_open("fe80::2"), VD_OK);
    assert_int_equal(try_open("2001:db8::2"), VD_EIO);
    assert_int_equal(try_open("10.0.0.2"), VD_EIO);
    assert_string_equal(wire.console, "");
}

static void test_router_alone_brings_ip6_and_its_resolver(void **state)
{
    (void)state;
    wire.has_router6 = true;
    advertise("2001:db8::53", LONG_S);
    assert_string_equal(servers(), ""); /* the address is still in doubt */
    wire_run_ms(3000);
    assert_true(vd_lwip_is_online());
    assert_string_equal(wire.console, WIRE_OWN_GLOBAL "\n");
    assert_int_equal(try_open("2001:db8::2"), VD_OK);
    assert_int_equal(try_open("2620:fe::fe"), VD_OK); /* by the router */
    assert_int_equal(try_open("10.0.0.2"), VD_EIO);
    assert_string_equal(servers(), "2001:db8::53 ");
}

static void test_dhcp_brings_ip4_and_its_resolvers(void **state)
{
    static const uint8_t four[] = {10, 0, 0, 254, 192, 0, 2, 1, 192, 0, 2, 2, 192, 0, 2, 3};

    (void)state;
    set_dhcp_servers(four, sizeof(four));
    wait_for_lease();
    assert_string_equal(wire.console, "net: " WIRE_OWN_IP4 " (DHCP)\n");
    assert_true(wire.asked_for_dns_servers);
    assert_int_equal(try_open("10.0.0.2"), VD_OK);
    assert_int_equal(try_open("9.9.9.9"), VD_OK);
    /* One of each source, then the next; not more than DNS_MAX_SERVERS of one. */
    assert_string_equal(servers(), "10.0.0.254 2001:db8::53 192.0.2.1 192.0.2.2 ");
}

static void test_addresses_of_nobody_are_refused(void **state)
{
    static const char *const rows[] = {"0.0.0.0", "0.1.2.3", "224.0.0.251",      "255.255.255.255",
                                       "::",      "ff02::1", "::ffff:192.0.2.1", "ff0e::1"};
    struct vd_endpoint none = {0};
    ip_addr_t ip;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct vd_endpoint at = wire_endpoint(rows[i], 53);
        assert_int_equal(vd_lwip_addr(&at, &ip), VD_EINVAL);
        assert_int_equal(try_open(rows[i]), VD_EIO);
    }
    assert_int_equal(vd_lwip_addr(&none, &ip), VD_EINVAL);
}

static void test_cable_pulled_takes_way_out_and_resolvers(void **state)
{
    (void)state;
    wire.is_link_up = false;
    wire_run_ms(1000);
    assert_false(vd_lwip_is_online());
    assert_string_equal(servers(), "");
    assert_int_equal(try_open("10.0.0.2"), VD_EIO);
    assert_int_equal(try_open("2001:db8::2"), VD_EIO);
    wire.is_link_up = true;
    wire_run_ms(6000);
    assert_true(vd_lwip_is_online());
    assert_string_equal(servers(), "10.0.0.254 192.0.2.1 192.0.2.2 ");
}

static void expect_echo(const char *text)
{
    const struct vd_datagram_port *port = vd_lwip_datagram_port();
    struct vd_endpoint to = wire_endpoint(text, 53);
    struct vd_datagram_in in;
    unsigned socket;

    assert_int_equal(open_to(text, 50001, &socket), VD_OK);
    assert_int_equal(port->receive(NULL, &in), VD_AGAIN);
    assert_int_equal(port->send(NULL, socket, (const uint8_t *)"question", 8), VD_OK);
    wire_run_ms(5);
    assert_int_equal(port->receive(NULL, &in), VD_OK);
    assert_int_equal(in.socket, socket);
    assert_int_equal(in.len, 8);
    assert_memory_equal(in.bytes, "question", 8);
    assert_true(vd_endpoint_is_equal(&in.from, &to));
    assert_int_equal(port->receive(NULL, &in), VD_AGAIN);
    port->close(NULL, socket);
}

static void test_prefix_of_another_network_is_used_at_once(void **state)
{
    struct vd_endpoint own = wire_endpoint("2001:db8:0:77:5054:ff:fe00:1", 50001);

    (void)state;
    expect_echo("2620:fe::fe");
    wire.is_link_up = false;
    wire_run_ms(1000);
    assert_string_equal(wire.console, "net: link down\nnet: address lost (SLAAC)\n");
    wire.console[0] = '\0';
    wire.prefix = 0x77;
    wire.is_link_up = true;
    wire_run_ms(6000);
    assert_string_equal(wire.console, "net: 2001:db8:0:77:5054:ff:fe00:1 (SLAAC)\n");
    expect_echo("2620:fe::fe");
    assert_true(vd_endpoint_is_equal(&wire.sent_from, &own));
    wire.prefix = 0;
    replug();
    assert_non_null(strstr(wire.console, WIRE_OWN_GLOBAL));
}

static void test_address_of_the_last_network_does_not_count_until_dhcp_confirms_it(void **state)
{
    (void)state;
    wire.has_router6 = false;
    wire.has_dhcp = false;
    replug();
    assert_false(vd_lwip_is_online());
    assert_int_equal(try_open("10.0.0.2"), VD_EIO);
    assert_int_equal(try_open("9.9.9.9"), VD_EIO);
    wait_for_lease();
    assert_true(vd_lwip_is_online());
    assert_int_equal(try_open("10.0.0.2"), VD_OK);
    wire.has_router6 = true;
    replug();
    assert_non_null(strstr(wire.console, WIRE_OWN_GLOBAL));
}

static void test_router_of_another_network_at_the_same_address_is_found_at_once(void **state)
{
    (void)state;
    expect_echo("9.9.9.9");
    expect_echo("2620:fe::fe");
    wire.is_link_up = false;
    wire_run_ms(1000);
    wire.mac = 9;
    wire.is_link_up = true;
    wire_run_ms(6000);
    expect_echo("9.9.9.9");
    expect_echo("2620:fe::fe");
    wire.mac = 2;
    replug();
}

/* ---- resolvers ------------------------------------------------------------------------------- */

static void test_dhcp_option_that_is_cut_short_gives_what_is_whole(void **state)
{
    static const uint8_t seven[] = {192, 0, 2, 9, 192, 0, 2};
    static const uint8_t three[] = {192, 0, 2};

    (void)state;
    set_dhcp_servers(seven, sizeof(seven));
    replug();
    assert_string_equal(servers(), "192.0.2.9 ");
    set_dhcp_servers(three, sizeof(three));
    replug();
    assert_string_equal(servers(), "");
    wire.dhcp_options_len = 0;
    replug();
    assert_string_equal(servers(), "");
}

static void test_dhcp_message_with_its_type_last_counts_too(void **state)
{
    static const uint8_t one[] = {192, 0, 2, 7};

    (void)state;
    set_dhcp_servers(one, sizeof(one));
    wire.dhcp_type_is_last = true;
    replug();
    wire.dhcp_type_is_last = false;
    assert_string_equal(servers(), "192.0.2.7 ");
}

static void test_dhcp_offer_or_refusal_names_no_resolvers(void **state)
{
    enum { REQUESTING = 1, SELECTING = 6, BOUND = 10, OFFER = 2, ACK = 5, NAK = 6 };
    static const uint8_t one[4] = {203, 0, 113, 1};
    struct pbuf *p = pbuf_alloc(PBUF_RAW, sizeof(one), PBUF_RAM);

    (void)state;
    assert_int_equal(pbuf_take(p, one, sizeof(one)), ERR_OK);
    vd_lwip_dhcp_option(REQUESTING, OFFER, 6, 4, p, 0);
    vd_lwip_dhcp_option(REQUESTING, NAK, 6, 4, p, 0);
    vd_lwip_dhcp_option(SELECTING, ACK, 6, 4, p, 0);
    vd_lwip_dhcp_option(BOUND, ACK, 6, 4, p, 0);
    vd_lwip_dhcp_option(REQUESTING, ACK, 5, 4, p, 0); /* name servers of IEN 116 */
    assert_string_equal(servers(), "192.0.2.7 ");
    vd_lwip_dhcp_option(REQUESTING, ACK, 6, 8, p, 0); /* says more than there is */
    assert_string_equal(servers(), "203.0.113.1 ");
    vd_lwip_dhcp_option(REQUESTING, ACK, 6, 4, p, 2);
    assert_string_equal(servers(), "");
    pbuf_free(p);
}

static void test_advertised_resolver_goes_when_it_is_withdrawn(void **state)
{
    (void)state;
    vd_lwip_dns_servers_drop_all();
    advertise("2001:db8::53", LONG_S);
    advertise("2001:db8::54", LONG_S); /* by another router: both stay */
    assert_string_equal(servers(), "2001:db8::53 2001:db8::54 ");
    advertise("2001:db8::99", 0);
    assert_string_equal(servers(), "2001:db8::53 2001:db8::54 ");
    advertise("2001:db8::54", 0);
    assert_string_equal(servers(), "2001:db8::53 ");
    advertise("2001:db8::54", LONG_S);
    advertise("2001:db8::53", 0);
    assert_string_equal(servers(), "2001:db8::54 ");
    advertise("fe80::1", LONG_S); /* it may be the router itself */
    assert_string_equal(servers(), "fe80::1 2001:db8::54 ");
}

static void test_advertised_resolver_goes_at_the_end_of_its_lifetime(void **state)
{
    (void)state;
    vd_lwip_dns_servers_drop_all();
    advertise("2001:db8::54", UINT32_MAX);
    advertise("2001:db8::53", 10);
    wire_run_ms(9000);
    assert_string_equal(servers(), "2001:db8::54 2001:db8::53 ");
    advertise("2001:db8::53", 10); /* renewed */
    wire_run_ms(9000);
    assert_string_equal(servers(), "2001:db8::54 2001:db8::53 ");
    wire_run_ms(1000);
    assert_string_equal(servers(), "2001:db8::54 ");
    wire.ms += 200ull * 365 * 86400 * 1000;
    assert_int_equal(vd_lwip_dns_servers((struct vd_endpoint[1]){0}, 1), 1); /* for ever */
    wire.ms -= 200ull * 365 * 86400 * 1000;
}

static void test_one_advertised_too_many_takes_the_place_of_the_one_that_ends_first(void **state)
{
    (void)state;
    vd_lwip_dns_servers_drop_all();
    wire.ra_options_len = 0;
    wire_add_rdnss("2001:db8::1:1", 300);
    wire_add_rdnss("2001:db8::1:2", 100);
    wire_add_rdnss("2001:db8::1:3", 200);
    wire_advertise();
    wire_run_ms(2);
    advertise("2001:db8::1:4", 400);
    assert_string_equal(servers(), "2001:db8::1:1 2001:db8::1:4 2001:db8::1:3 ");
}

static void test_of_too_many_advertised_the_first_in_order_of_preference_stay(void **state)
{
    (void)state;
    vd_lwip_dns_servers_drop_all();
    for (unsigned i = 0; i < 3; i++) {
        wire.ra_options_len = 0;
        wire_add_rdnss("2001:db8::1:1", 300);
        wire_add_rdnss("2001:db8::1:2", 300);
        wire_add_rdnss("2001:db8::1:3", 300);
        wire_advertise();
        wire_run_ms(2);
        advertise("2001:db8::1:4", 300); /* another router's, as good as at the same time */
        assert_string_equal(servers(), "2001:db8::1:1 2001:db8::1:2 2001:db8::1:3 ");
    }
    advertise("2001:db8::1:4", 200); /* lives shorter */
    assert_string_equal(servers(), "2001:db8::1:1 2001:db8::1:2 2001:db8::1:3 ");
    advertise("2001:db8::1:4", 301); /* lives longer: the last one goes */
    assert_string_equal(servers(), "2001:db8::1:1 2001:db8::1:2 2001:db8::1:4 ");
    wire_run_ms(300000);
    advertise("2001:db8::1:5", 1); /* the others' time is over */
    assert_string_equal(servers(), "2001:db8::1:5 2001:db8::1:4 ");
}

static void test_damaged_advertisement_changes_nothing(void **state)
{
    (void)state;
    vd_lwip_dns_servers_drop_all();
    wire.ra_options_len = 0;
    wire_add_rdnss("2001:db8::53", 100);
    wire.ra_options[1] = 9; /* longer than the packet */
    wire_advertise();
    wire.ra_options[1] = 1; /* no server in it; what follows is an option without length */
    wire_advertise();
    wire_run_ms(2);
    wire.ra_options_len = 0;
    assert_string_equal(servers(), "");
}

static void test_dhcp6_is_asked_if_the_router_says_so(void **state)
{
    (void)state;
    vd_lwip_dns_servers_drop_all();
    wire.dhcp6_requests = 0;
    wire_advertise();
    wire_run_ms(3000);
    assert_int_equal(wire.dhcp6_requests, 0);

    wire.has_dhcp6 = true;
    wire.ra_flags = DHCP6;
    set_dhcp6_servers("2001:db8::6:1", "2001:db8::6:2");
    wire_advertise();
    wire_run_ms(3000);
    assert_int_equal(wire.dhcp6_requests, 1);
    assert_string_equal(servers(), "2001:db8::6:1 2001:db8::6:2 ");
    set_dhcp6_servers("2001:db8::6:3", NULL); /* the list is replaced, not mixed */
    wire_advertise();
    wire_run_ms(3000);
    assert_string_equal(servers(), "2001:db8::6:3 ");
}

static void test_sources_are_kept_apart_and_no_server_comes_twice(void **state)
{
    static const uint8_t two[] = {192, 0, 2, 1, 192, 0, 2, 1};
    struct vd_endpoint out[SERVERS];

    (void)state;
    wire.ra_options_len = 0;
    wire_add_rdnss("2001:db8::53", LONG_S);
    wire_add_rdnss("2001:db8::6:3", LONG_S);
    set_dhcp_servers(two, sizeof(two));
    replug();
    assert_string_equal(servers(), "192.0.2.1 2001:db8::53 2001:db8::6:3 ");
    assert_int_equal(vd_lwip_dns_servers(out, 2), 2);
    assert_int_equal(out[1].family, VD_FAMILY_IP6);
    assert_int_equal(vd_lwip_dns_servers(out, 0), 0);
}

/* ---- datagrams ------------------------------------------------------------------------------- */

static void test_datagram_comes_back_from_peers_of_both_families(void **state)
{
    (void)state;
    expect_echo("10.0.0.2");
    expect_echo("9.9.9.9");
    expect_echo("2001:db8::2");
    expect_echo("2620:fe::fe");
    expect_echo("fe80::2");
}

/* ---- the order matters ------------------------------------------------------------------------ */

static int start(void **state)
{
    (void)state;
    wire_start();
    return 0;
}

static int clear(void **state)
{
    (void)state;
    wire.console[0] = '\0';
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_a_link_there_is_no_way_out),
        TEST(test_link_local_address_reaches_neighbours_only),
        TEST(test_router_alone_brings_ip6_and_its_resolver),
        TEST(test_dhcp_brings_ip4_and_its_resolvers),
        TEST(test_addresses_of_nobody_are_refused),
        TEST(test_cable_pulled_takes_way_out_and_resolvers),
        TEST(test_prefix_of_another_network_is_used_at_once),
        TEST(test_address_of_the_last_network_does_not_count_until_dhcp_confirms_it),
        TEST(test_router_of_another_network_at_the_same_address_is_found_at_once),
        TEST(test_dhcp_option_that_is_cut_short_gives_what_is_whole),
        TEST(test_dhcp_message_with_its_type_last_counts_too),
        TEST(test_dhcp_offer_or_refusal_names_no_resolvers),
        TEST(test_advertised_resolver_goes_when_it_is_withdrawn),
        TEST(test_advertised_resolver_goes_at_the_end_of_its_lifetime),
        TEST(test_one_advertised_too_many_takes_the_place_of_the_one_that_ends_first),
        TEST(test_of_too_many_advertised_the_first_in_order_of_preference_stay),
        TEST(test_damaged_advertisement_changes_nothing),
        TEST(test_dhcp6_is_asked_if_the_router_says_so),
        TEST(test_sources_are_kept_apart_and_no_server_comes_twice),
        TEST(test_datagram_comes_back_from_peers_of_both_families),
    };

    return cmocka_run_group_tests_name("lwip net", tests, start, NULL);
}
