/*
 * Every knob of the agent: range, default, cost.
 *
 * The one build-wide header of numbers, as lwipopts.h is for lwIP: dns/, report/ and port/ read
 * it too.  A board overrides a default in boards/<name>/limits_board.h; limits_check.h says
 * what must hold between knobs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_H
#define VD_LIMITS_H

#include "limits_board.h"

/* ---- what is watched --------------------------------------------------------------------- */

/* Watched domains.  1..250; cost: see VD_BASELINE_TEXT_MAX, about 3.7 KiB RAM each. */
#ifndef VD_WATCHES_MAX
#define VD_WATCHES_MAX 4
#endif

/* DKIM selectors of one watch, over all of its groups.  1..16; 24 B of RAM per watch each. */
#ifndef VD_SELECTORS_MAX
#define VD_SELECTORS_MAX 8
#endif

/* DKIM groups ("all: s1 s2") of one watch.  1..8; 4 B per watch each. */
#ifndef VD_DKIM_GROUPS_MAX
#define VD_DKIM_GROUPS_MAX 4
#endif

/* Longest DKIM selector, in characters.  8..63; 1 B per selector and watch. */
#ifndef VD_SELECTOR_LEN_MAX
#define VD_SELECTOR_LEN_MAX 63
#endif

/* Services named for one watch (provider =, dkim = NAME ...).  1..16; 1 B per watch each. */
#ifndef VD_WATCH_PROVIDERS_MAX
#define VD_WATCH_PROVIDERS_MAX 6
#endif

/* [provider] sections of the configuration, and the bytes of all of their words.  1..32, 28 B (on a
   64-bit host 56 B) each; 64..16384 B of RAM. */
#ifndef VD_PROVIDERS_OWN_MAX
#define VD_PROVIDERS_OWN_MAX 4
#endif
#ifndef VD_PROVIDER_TEXT_MAX
#define VD_PROVIDER_TEXT_MAX 512
#endif

/* senders =, strangers =: addresses of one watch.  1..8 and 1..7; 17 B per watch each. */
#ifndef VD_SENDERS_MAX
#define VD_SENDERS_MAX 4
#endif
#ifndef VD_STRANGERS_MAX
#define VD_STRANGERS_MAX 2
#endif

/* plan =, accept =, maintenance = lines of one watch.  1..16; 24, 4 and 8 B per watch each. */
#ifndef VD_PLANS_MAX
#define VD_PLANS_MAX 2
#endif
#ifndef VD_ACCEPTS_MAX
#define VD_ACCEPTS_MAX 4
#endif
#ifndef VD_WINDOWS_MAX
#define VD_WINDOWS_MAX 2
#endif

/* Words of one watch's expectations (mx =, mail-from =, plan = ...).  64..4096 B per watch. */
#ifndef VD_WATCH_TEXT_MAX
#define VD_WATCH_TEXT_MAX 320
#endif

/* Questions of the last round that only answers led to, kept to ask them all at once at the next.
   0..8192 B per watch; what does not fit costs a round trip more. */
#ifndef VD_TREE_BYTES
#define VD_TREE_BYTES 768
#endif

/* Longest configuration file.  512..65535 B of RAM while it is read and kept. */
#ifndef VD_CONFIG_BYTES_MAX
#define VD_CONFIG_BYTES_MAX 4096
#endif

/* Trust anchors of one channel, PEM.  512..16384 B of RAM per channel. */
#ifndef VD_CA_BYTES_MAX
#define VD_CA_BYTES_MAX 4096
#endif

/* ---- DNS --------------------------------------------------------------------------------- */

/* Resolvers in the config.  1..8; about 470 B each. */
#ifndef VD_SERVERS_MAX
#define VD_SERVERS_MAX 4
#endif

/* Addresses of a zone's own servers that are kept and asked.  2..8; 140 B each, and 20 B for each
   watch. */
#ifndef VD_AUTHORITIES_MAX
#define VD_AUTHORITIES_MAX 4
#endif

/* Domains that appeared unregistered, of which it is kept what their registry says.  1..16; 272 B
   each. */
#ifndef VD_PARENTS_MAX
#define VD_PARENTS_MAX 4
#endif

/* UDP payload that we announce by EDNS0 (RFC 6891; 1232 of DNS flag day 2020).  512..4096. */
#ifndef VD_EDNS_UDP_MAX
#define VD_EDNS_UDP_MAX 1232
#endif

/* Questions in flight at once.  1..256; about 410 B each and one UDP socket. */
#ifndef VD_FLIGHTS_MAX
#define VD_FLIGHTS_MAX 8
#endif

/* Tries of one question, over all resolvers.  1..10. */
#ifndef VD_TRIES_MAX
#define VD_TRIES_MAX 4
#endif

/*
 * First wait for an answer of a server whose round-trip time is not known; else it is the smoothed
 * time and four times its deviation (RFC 6298), VD_TRY_TIMEOUT_MIN_MS at least.  Doubles at each
 * try.  100..5000 ms.
 */
#ifndef VD_TRY_TIMEOUT_MS
#define VD_TRY_TIMEOUT_MS 800
#endif
#ifndef VD_TRY_TIMEOUT_MIN_MS
#define VD_TRY_TIMEOUT_MIN_MS 200
#endif

/* All tries of one question, waiting for a connection included.  2000..60000 ms. */
#ifndef VD_QUESTION_MAX_MS
#define VD_QUESTION_MAX_MS 20000
#endif

/* Responses to one question that cannot be ours, until it goes to TCP.  2..100. */
#ifndef VD_MISMATCHES_MAX
#define VD_MISMATCHES_MAX 16
#endif

/* Pacing: questions that may go out at once, and the time between those that follow.  A burst must
   fit in the receive buffers of the NIC or the socket.  1..256; 0..100 ms. */
#ifndef VD_PACE_BURST
#define VD_PACE_BURST VD_FLIGHTS_MAX
#endif
#ifndef VD_PACE_MS
#define VD_PACE_MS 2
#endif

/* A server that does not take EDNS is asked without it for so long (one day).  ms. */
#ifndef VD_EDNS_OFF_MS
#define VD_EDNS_OFF_MS 86400000
#endif

/* DNS connections (TCP or TLS) at once.  1..8; VD_TCP_MESSAGE_MAX + VD_LINK_OUT_BYTES each, and one
   TCP window (TCP_WND) on a board. */
#ifndef VD_LINKS_MAX
#define VD_LINKS_MAX 2
#endif

/* Longest DNS message taken over TCP or TLS.  4096..65535 B of RAM per link; longer is
   unknown(too large). */
#ifndef VD_TCP_MESSAGE_MAX
#define VD_TCP_MESSAGE_MAX 8192
#endif

/* Questions that wait for the connection to take them.  600..65535 B of RAM per link. */
#ifndef VD_LINK_OUT_BYTES
#define VD_LINK_OUT_BYTES 1200
#endif

/* A DNS connection with nothing outstanding is kept this long (RFC 7766, section 6.2.3).  ms. */
#ifndef VD_LINK_IDLE_MS
#define VD_LINK_IDLE_MS 3000
#endif

/* Back-off of a DNS connection that fails: first and longest wait.  ms. */
#ifndef VD_LINK_RETRY_FIRST_MS
#define VD_LINK_RETRY_FIRST_MS 1000
#endif
#ifndef VD_LINK_RETRY_MAX_MS
#define VD_LINK_RETRY_MAX_MS 60000
#endif

/* The text of an extended DNS error (RFC 8914) that is kept.  16..200 B per question in flight. */
#ifndef VD_EDE_TEXT_MAX
#define VD_EDE_TEXT_MAX 48
#endif

/* Responses kept for one round, so that what many domains include is asked once.  0..65535 B. */
#ifndef VD_CACHE_BYTES
#define VD_CACHE_BYTES 4096
#endif

/* Longest time that a round's response is used again.  1000..300000 ms. */
#ifndef VD_CACHE_MS
#define VD_CACHE_MS 60000
#endif

/* CNAMEs followed from one question (over all of its answers).  1..16. */
#ifndef VD_CHAIN_MAX
#define VD_CHAIN_MAX 8
#endif

/* Questions of one survey.  8..128; 48 B each. */
#ifndef VD_SURVEY_QUESTIONS_MAX
#define VD_SURVEY_QUESTIONS_MAX 96
#endif

/* Of them, those that are left for the aliases of the watch's own names when includes ask for more.
   1 .. a half of VD_SURVEY_QUESTIONS_MAX. */
#ifndef VD_SURVEY_OWN_QUESTIONS
#define VD_SURVEY_OWN_QUESTIONS (VD_SURVEY_QUESTIONS_MAX / 4)
#endif

/* Records kept of one survey.  16..255; 8 B each. */
#ifndef VD_SURVEY_RECORDS_MAX
#define VD_SURVEY_RECORDS_MAX 224
#endif

/* Bytes of names and record texts of one survey.  2048..65535 B of RAM, once. */
#ifndef VD_SURVEY_BYTES_MAX
#define VD_SURVEY_BYTES_MAX 16384
#endif

/* Of them, those that are left for the watch's own names when includes bring more.  0 .. a half of
   VD_SURVEY_RECORDS_MAX and of VD_SURVEY_BYTES_MAX. */
#ifndef VD_SURVEY_OWN_RECORDS
#define VD_SURVEY_OWN_RECORDS (VD_SURVEY_RECORDS_MAX / 3)
#endif
#ifndef VD_SURVEY_OWN_BYTES
#define VD_SURVEY_OWN_BYTES (VD_SURVEY_BYTES_MAX / 3)
#endif

/* Joined text of one TXT record.  512..65535; longer is unknown(limit). */
#ifndef VD_TXT_LEN_MAX
#define VD_TXT_LEN_MAX 4096
#endif

/* Time between two checks of a resolver's path that passed, and the longest between two of one that
   failed.  Each costs two questions.  60000..3600000; 1000..600000 ms. */
#ifndef VD_PATH_CHECK_MS
#define VD_PATH_CHECK_MS 900000
#endif
#ifndef VD_PATH_RECHECK_MS
#define VD_PATH_RECHECK_MS 60000
#endif

/* A check that is this young need not be repeated when something looks odd; shorter waits of a watch
   shorten it.  100..60000 ms. */
#ifndef VD_PATH_FRESH_MS
#define VD_PATH_FRESH_MS 30000
#endif

/* ---- records and judge ------------------------------------------------------------------- */

/* Terms of one SPF record (RFC 7208).  16..128; 12 B of stack each while it is parsed. */
#ifndef VD_SPF_TERMS_MAX
#define VD_SPF_TERMS_MAX 64
#endif

/* Depth of include: and redirect=.  10 is what RFC 7208's ten lookups allow. */
#ifndef VD_SPF_DEPTH_MAX
#define VD_SPF_DEPTH_MAX 10
#endif

/* Addresses of rua= that are looked at: may they get reports, do they take mail.  1..16; up to four
   questions each, and two bytes of every watch's baseline. */
#ifndef VD_REPORT_ADDRESSES_MAX
#define VD_REPORT_ADDRESSES_MAX 6
#endif

/* Selectors that are absent and looked for at the names where people put them by mistake.  0..16;
   ten questions each, while they are absent. */
#ifndef VD_SLIP_SELECTORS_MAX
#define VD_SLIP_SELECTORS_MAX 3
#endif

/* Runs of addresses that are kept apart while SPF's networks are added up.  16..2048; 8 B each, and
   16 B each for IPv6; once. */
#ifndef VD_RANGES4_MAX
#define VD_RANGES4_MAX 256
#endif
#ifndef VD_RANGES6_MAX
#define VD_RANGES6_MAX 96
#endif

/* MX hosts whose addresses are looked up, the best first.  1..32; two questions each. */
#ifndef VD_MX_HOSTS_MAX
#define VD_MX_HOSTS_MAX 10
#endif

/* Findings of one judgement.  2 * VD_SELECTORS_MAX + 8 .. 200; 32 B each. */
#ifndef VD_FINDINGS_MAX
#define VD_FINDINGS_MAX (2 * VD_SELECTORS_MAX + 32)
#endif

/* Bytes of words in one judgement (old, new, mend).  1024..16384 B of RAM, once. */
#ifndef VD_JUDGEMENT_BYTES_MAX
#define VD_JUDGEMENT_BYTES_MAX 8192
#endif

/* Last good record texts kept of one watch.  512..8192 B of RAM per watch. */
#ifndef VD_BASELINE_TEXT_MAX
#define VD_BASELINE_TEXT_MAX 3072
#endif

/* Alerts open or on their way, over all watches.  VD_SELECTORS_MAX + 8 or more; 88 B each. */
#ifndef VD_ALERTS_MAX
#define VD_ALERTS_MAX (VD_WATCHES_MAX * (VD_SELECTORS_MAX + 16))
#endif

/* Alerts that closed of late, over all watches: to see which of them flap.  4..64; 20 B each. */
#ifndef VD_FLAPS_MAX
#define VD_FLAPS_MAX 16
#endif

/* ---- reports ----------------------------------------------------------------------------- */

/* Channels.  1..8; see VD_CA_BYTES_MAX and VD_SYSLOG_MESSAGE_MAX. */
#ifndef VD_CHANNELS_MAX
#define VD_CHANNELS_MAX 2
#endif

/* Bytes of events waiting for delivery.  2048..65535 B of RAM. */
#ifndef VD_JOURNAL_BYTES_MAX
#define VD_JOURNAL_BYTES_MAX 8192
#endif

/* Longest syslog message (RFC 5425: receivers take at least 2048).  1024..8192 B of RAM. */
#ifndef VD_SYSLOG_MESSAGE_MAX
#define VD_SYSLOG_MESSAGE_MAX 2048
#endif

/* Back-off of a channel that fails: first and longest wait.  ms. */
#ifndef VD_BACKOFF_FIRST_MS
#define VD_BACKOFF_FIRST_MS 1000
#endif
#ifndef VD_BACKOFF_MAX_MS
#define VD_BACKOFF_MAX_MS 900000
#endif

/* One use of a TLS connection, from open to the last byte acknowledged.  5000..60000 ms. */
#ifndef VD_STREAM_USE_MAX_MS
#define VD_STREAM_USE_MAX_MS 20000
#endif

/* A channel's connection with nothing left to send is kept this long.  0..60000 ms. */
#ifndef VD_CHANNEL_IDLE_MS
#define VD_CHANNEL_IDLE_MS 5000
#endif

/*
 * How long a new connection must stand, after the first bytes arrived, before what it carried
 * counts as delivered: a TLS 1.3 peer that rejects us says so only then.  0..5000 ms.
 */
#ifndef VD_CHANNEL_PROOF_MS
#define VD_CHANNEL_PROOF_MS 300
#endif

/* Events on the way in one connection before it waits for their arrival.  1..64; 12 B each. */
#ifndef VD_CHANNEL_WINDOW
#define VD_CHANNEL_WINDOW 8
#endif

/*
 * Private Enterprise Number in the name of the syslog parameters.  32473 is the one for
 * documentation (RFC 5612): a vendor puts his own.
 */
#ifndef VD_PEN
#define VD_PEN 32473
#endif

/* ---- TLS --------------------------------------------------------------------------------- */

/* TLS connections at once.  1..8; about 24 KiB of arena each. */
#ifndef VD_TLS_SLOTS
#define VD_TLS_SLOTS 1
#endif

/* All that mbedTLS allocates.  16384..1048576 B of RAM. */
#ifndef VD_TLS_ARENA_BYTES
#define VD_TLS_ARENA_BYTES 49152
#endif

/*
 * Longest TLS record, and longest handshake message (the certificate chain!), that is taken in.
 * 1024, 2048, 4096 or 16384 B of the arena per connection.  Public CAs' chains need 4096.
 */
#ifndef VD_TLS_IN_BYTES
#define VD_TLS_IN_BYTES 4096
#endif

/* Longest TLS record sent.  512..16384 B of the arena, and as much RAM again, per connection. */
#ifndef VD_TLS_OUT_BYTES
#define VD_TLS_OUT_BYTES 1024
#endif

/*
 * TLS destinations (host, trust, saved session) kept at once.  VD_TLS_SLOTS..16; about 1.5 KiB of
 * RAM and 3 KiB of the arena each.
 */
#ifndef VD_TLS_DESTINATIONS
#define VD_TLS_DESTINATIONS (VD_CHANNELS_MAX > VD_TLS_SLOTS ? VD_CHANNELS_MAX : VD_TLS_SLOTS)
#endif

/* Bytes received on a stream and not yet read by its channel.  512..65535 B of RAM per slot. */
#ifndef VD_STREAM_RX_BYTES
#define VD_STREAM_RX_BYTES 512
#endif

/* How long a closed connection waits for the peer's side to end.  200..10000 ms. */
#ifndef VD_TLS_LINGER_MS
#define VD_TLS_LINGER_MS 2000
#endif

#include "firmware/limits_check.h"

#endif
