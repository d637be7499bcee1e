/*
 * What must hold between the knobs of limits.h.  Included by it, at its end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_CHECK_H
#define VD_LIMITS_CHECK_H

#if VD_WATCHES_MAX < 1 || VD_WATCHES_MAX > 250
#error "VD_WATCHES_MAX (firmware/limits.h) must be 1..250: watches are named by 8 bits"
#endif
#if VD_SELECTORS_MAX < 1 || VD_SELECTORS_MAX > 16
#error "VD_SELECTORS_MAX (firmware/limits.h) must be 1..16: groups keep a 16-bit set of them"
#endif
#if VD_WATCH_PROVIDERS_MAX < 1 || VD_WATCH_PROVIDERS_MAX > 16
#error "VD_WATCH_PROVIDERS_MAX (firmware/limits.h) must be 1..16"
#endif
#if VD_PROVIDERS_OWN_MAX < 1 || VD_PROVIDERS_OWN_MAX > 32 || VD_PROVIDER_TEXT_MAX < 64 ||          \
    VD_PROVIDER_TEXT_MAX > 16384
#error "VD_PROVIDERS_OWN_MAX must be 1..32 and VD_PROVIDER_TEXT_MAX 64..16384 (firmware/limits.h)"
#endif
#if VD_SENDERS_MAX < 1 || VD_SENDERS_MAX > 8 || VD_STRANGERS_MAX < 1 || VD_STRANGERS_MAX > 7
#error "VD_SENDERS_MAX must be 1..8 and VD_STRANGERS_MAX 1..7 (firmware/limits.h): sets of 8 bits"
#endif
#if VD_PLANS_MAX < 1 || VD_PLANS_MAX > 16 || VD_ACCEPTS_MAX < 1 || VD_ACCEPTS_MAX > 16 ||          \
    VD_WINDOWS_MAX < 1 || VD_WINDOWS_MAX > 16
#error "VD_PLANS_MAX, VD_ACCEPTS_MAX and VD_WINDOWS_MAX (firmware/limits.h) must be 1..16"
#endif
#if VD_WATCH_TEXT_MAX < 64 || VD_WATCH_TEXT_MAX > 4096 || VD_TREE_BYTES > 8192
#error "VD_WATCH_TEXT_MAX must be 64..4096 and VD_TREE_BYTES 0..8192 (firmware/limits.h)"
#endif
#if VD_REPORT_ADDRESSES_MAX < 1 || VD_REPORT_ADDRESSES_MAX > 16
#error "VD_REPORT_ADDRESSES_MAX (firmware/limits.h) must be 1..16"
#endif
#if VD_RANGES4_MAX < 16 || VD_RANGES4_MAX > 2048 || VD_RANGES6_MAX < 16 || VD_RANGES6_MAX > 2048
#error "VD_RANGES4_MAX and VD_RANGES6_MAX (firmware/limits.h) must be 16..2048"
#endif
#if VD_SERVERS_MAX < 1 || VD_SERVERS_MAX > 8
#error "VD_SERVERS_MAX (firmware/limits.h) must be 1..8: sets of resolvers have 8 bits"
#endif
#if VD_AUTHORITIES_MAX < 2 || VD_AUTHORITIES_MAX > 8
#error "VD_AUTHORITIES_MAX (firmware/limits.h) must be 2..8: sets of servers have 16 bits"
#endif
#if VD_PARENTS_MAX < 1 || VD_PARENTS_MAX > 16
#error "VD_PARENTS_MAX (firmware/limits.h) must be 1..16"
#endif
#if VD_TRY_TIMEOUT_MIN_MS < 20 || VD_TRY_TIMEOUT_MIN_MS > VD_TRY_TIMEOUT_MS
#error "VD_TRY_TIMEOUT_MIN_MS (firmware/limits.h) must be 20..VD_TRY_TIMEOUT_MS"
#endif
#if VD_QUESTION_MAX_MS < 2000 || VD_QUESTION_MAX_MS > 60000
#error "VD_QUESTION_MAX_MS (firmware/limits.h) must be 2000..60000"
#endif
#if VD_MISMATCHES_MAX < 2 || VD_MISMATCHES_MAX > 100
#error "VD_MISMATCHES_MAX (firmware/limits.h) must be 2..100"
#endif
#if VD_PACE_BURST < 1 || VD_PACE_BURST > 256 || VD_PACE_MS > 100
#error "VD_PACE_BURST must be 1..256 and VD_PACE_MS 0..100 (firmware/limits.h)"
#endif
#if VD_LINKS_MAX < 1 || VD_LINKS_MAX > 8
#error "VD_LINKS_MAX (firmware/limits.h) must be 1..8"
#endif
#if VD_TCP_MESSAGE_MAX < 4096 || VD_TCP_MESSAGE_MAX > 65535
#error "VD_TCP_MESSAGE_MAX (firmware/limits.h) must be 4096..65535"
#endif
#if VD_LINK_OUT_BYTES < 600 || VD_LINK_OUT_BYTES > 65535
#error "VD_LINK_OUT_BYTES (firmware/limits.h) must be 600..65535: one padded question must fit"
#endif
#if VD_LINK_RETRY_FIRST_MS < 1 || VD_LINK_RETRY_FIRST_MS > VD_LINK_RETRY_MAX_MS
#error "VD_LINK_RETRY_FIRST_MS must be 1..VD_LINK_RETRY_MAX_MS (firmware/limits.h)"
#endif
#if VD_EDE_TEXT_MAX < 16 || VD_EDE_TEXT_MAX > 200
#error "VD_EDE_TEXT_MAX (firmware/limits.h) must be 16..200"
#endif
#if VD_CACHE_BYTES > 65535
#error "VD_CACHE_BYTES (firmware/limits.h) must be 0..65535: offsets have 16 bits"
#endif
#if VD_FLIGHTS_MAX < 1 || VD_FLIGHTS_MAX > 256
#error "VD_FLIGHTS_MAX (firmware/limits.h) must be 1..256"
#endif
#if VD_TRIES_MAX < 1 || VD_TRIES_MAX > 10
#error "VD_TRIES_MAX (firmware/limits.h) must be 1..10: the wait doubles at each try"
#endif
#if VD_TRY_TIMEOUT_MS < 100 || VD_TRY_TIMEOUT_MS > 5000
#error "VD_TRY_TIMEOUT_MS (firmware/limits.h) must be 100..5000"
#endif
#if VD_CHAIN_MAX < 1 || VD_CHAIN_MAX > 16
#error "VD_CHAIN_MAX (firmware/limits.h) must be 1..16"
#endif
#if VD_SURVEY_RECORDS_MAX < 16 || VD_SURVEY_RECORDS_MAX > 255
#error "VD_SURVEY_RECORDS_MAX (firmware/limits.h) must be 16..255: records are counted in 8 bits"
#endif
#if VD_SLIP_SELECTORS_MAX < 0 || VD_SLIP_SELECTORS_MAX > 16
#error "VD_SLIP_SELECTORS_MAX (firmware/limits.h) must be 0..16"
#endif
#if VD_FINDINGS_MAX < 2 * VD_SELECTORS_MAX + 8 || VD_FINDINGS_MAX > 200
#error "VD_FINDINGS_MAX (firmware/limits.h) must be 2 * VD_SELECTORS_MAX + 8 .. 200"
#endif
#if VD_ALERTS_MAX < VD_SELECTORS_MAX + 8
#error "VD_ALERTS_MAX (firmware/limits.h) must be VD_SELECTORS_MAX + 8 or more"
#endif
#if VD_FLAPS_MAX < 4 || VD_FLAPS_MAX > 64
#error "VD_FLAPS_MAX (firmware/limits.h) must be 4..64"
#endif
#if VD_JUDGEMENT_BYTES_MAX < 1024 || VD_JUDGEMENT_BYTES_MAX > 65535
#error "VD_JUDGEMENT_BYTES_MAX (firmware/limits.h) must be 1024..65535: offsets have 16 bits"
#endif
#if VD_BASELINE_TEXT_MAX < 512 || VD_BASELINE_TEXT_MAX > 65535
#error "VD_BASELINE_TEXT_MAX (firmware/limits.h) must be 512..65535: offsets have 16 bits"
#endif
#if VD_SURVEY_BYTES_MAX < 2048 || VD_SURVEY_BYTES_MAX > 65535
#error "VD_SURVEY_BYTES_MAX (firmware/limits.h) must be 2048..65535: offsets have 16 bits"
#endif
#if VD_SURVEY_QUESTIONS_MAX < 8 || VD_SURVEY_QUESTIONS_MAX > 128
#error "VD_SURVEY_QUESTIONS_MAX (firmware/limits.h) must be 8..128: answers are named by 8 bits"
#endif
#if VD_SURVEY_OWN_QUESTIONS < 1 || VD_SURVEY_OWN_QUESTIONS > VD_SURVEY_QUESTIONS_MAX / 2
#error "VD_SURVEY_OWN_QUESTIONS must be 1 .. VD_SURVEY_QUESTIONS_MAX / 2 (firmware/limits.h)"
#endif
#if VD_SURVEY_OWN_RECORDS > VD_SURVEY_RECORDS_MAX / 2
#error "VD_SURVEY_OWN_RECORDS must be 0 .. VD_SURVEY_RECORDS_MAX / 2 (firmware/limits.h)"
#endif
#if VD_SURVEY_OWN_BYTES > VD_SURVEY_BYTES_MAX / 2
#error "VD_SURVEY_OWN_BYTES must be 0 .. VD_SURVEY_BYTES_MAX / 2 (firmware/limits.h)"
#endif
#if VD_TXT_LEN_MAX > VD_SURVEY_BYTES_MAX
#error "VD_TXT_LEN_MAX must fit in VD_SURVEY_BYTES_MAX (firmware/limits.h)"
#endif
#if VD_MX_HOSTS_MAX < 1 || VD_MX_HOSTS_MAX > 32
#error "VD_MX_HOSTS_MAX (firmware/limits.h) must be 1..32"
#endif
#if VD_EDNS_UDP_MAX < 512 || VD_EDNS_UDP_MAX > 4096
#error "VD_EDNS_UDP_MAX (firmware/limits.h) must be 512..4096"
#endif
#if VD_SYSLOG_MESSAGE_MAX < 1024 || VD_SYSLOG_MESSAGE_MAX > 8192
#error "VD_SYSLOG_MESSAGE_MAX (firmware/limits.h) must be 1024..8192"
#endif
#if VD_JOURNAL_BYTES_MAX < 2 * VD_SYSLOG_MESSAGE_MAX
#error "VD_JOURNAL_BYTES_MAX must hold two messages of VD_SYSLOG_MESSAGE_MAX (firmware/limits.h)"
#endif
#if VD_TLS_SLOTS < 1 || VD_TLS_SLOTS > 8
#error "VD_TLS_SLOTS (firmware/limits.h) must be 1..8"
#endif
#if VD_TLS_ARENA_BYTES < 16384 || VD_TLS_ARENA_BYTES > 1048576
#error "VD_TLS_ARENA_BYTES (firmware/limits.h) must be 16384..1048576"
#endif
#if VD_TLS_IN_BYTES != 1024 && VD_TLS_IN_BYTES != 2048 && VD_TLS_IN_BYTES != 4096 &&               \
    VD_TLS_IN_BYTES != 16384
#error "VD_TLS_IN_BYTES (firmware/limits.h) must be 1024, 2048, 4096 or 16384 (RFC 6066, section 4)"
#endif
#if VD_TLS_OUT_BYTES < 512 || VD_TLS_OUT_BYTES > 16384
#error "VD_TLS_OUT_BYTES (firmware/limits.h) must be 512..16384: the ClientHello must fit"
#endif
#if VD_TLS_DESTINATIONS < VD_TLS_SLOTS || VD_TLS_DESTINATIONS > 16
#error "VD_TLS_DESTINATIONS (firmware/limits.h) must be VD_TLS_SLOTS..16"
#endif
#if VD_STREAM_RX_BYTES < 512 || VD_STREAM_RX_BYTES > 65535
#error "VD_STREAM_RX_BYTES (firmware/limits.h) must be 512..65535"
#endif
#if VD_TLS_LINGER_MS < 200 || VD_TLS_LINGER_MS > 10000
#error "VD_TLS_LINGER_MS (firmware/limits.h) must be 200..10000"
#endif
#if VD_CHANNELS_MAX < 1 || VD_CHANNELS_MAX > 8
#error "VD_CHANNELS_MAX (firmware/limits.h) must be 1..8"
#endif
#if VD_CHANNEL_WINDOW < 1 || VD_CHANNEL_WINDOW > 64
#error "VD_CHANNEL_WINDOW (firmware/limits.h) must be 1..64"
#endif
#if VD_CHANNEL_PROOF_MS > 5000 || VD_CHANNEL_PROOF_MS * 4 > VD_STREAM_USE_MAX_MS
#error "VD_CHANNEL_PROOF_MS must be 0..5000 and a quarter of VD_STREAM_USE_MAX_MS at most"
#endif
#if VD_BACKOFF_FIRST_MS < 1
#error "VD_BACKOFF_FIRST_MS (firmware/limits.h) must be at least 1"
#endif
#if VD_BACKOFF_FIRST_MS > VD_BACKOFF_MAX_MS
#error "VD_BACKOFF_FIRST_MS must not exceed VD_BACKOFF_MAX_MS (firmware/limits.h)"
#endif

#endif
