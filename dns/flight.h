/*
 * One question in flight, from try to try.
 *
 * What happens to a try is only noted: its fate, and a deadline that has come.  vd_flight_turn,
 * called for each flight whose deadline is over, does the rest: the next server, another
 * transport, or the end.  So nothing here calls itself, and `done` is called from poll alone.
 *
 * Used by resolver.c, link.c and arrival.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FLIGHT_H
#define VD_FLIGHT_H

#include "dns/match.h"
#include "dns/resolver.h"

/* Set of one server. */
static inline uint16_t vd_server_bit(unsigned server)
{
    return (uint16_t)(1u << server);
}

/* When the question ends, come what may. */
uint64_t vd_flight_bound_ms(const struct vd_flight *flight);

/* Put a question into a free flight and begin with its first try where that takes no wait. */
void vd_flight_start(struct vd_resolver *resolver, struct vd_flight *flight, uint16_t servers,
                     uint8_t first, uint64_t now_ms);

/* The deadline is over: go on.  The flight is FREE afterwards, or has a deadline again. */
void vd_flight_turn(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms);

/* This try has failed. */
void vd_flight_fail(struct vd_flight *flight, enum vd_detail fate, uint64_t now_ms);

/* Tell how it ended; the flight is FREE afterwards.  vd_flight_finish_unknown makes the reply from
   what the flight has noted. */
void vd_flight_finish(struct vd_resolver *resolver, struct vd_flight *flight,
                      struct vd_reply *reply);
void vd_flight_finish_unknown(struct vd_resolver *resolver, struct vd_flight *flight);

/* ---- arrival.c --------------------------------------------------------------------------------- */

/* A response that matches (VD_MATCH_YES or VD_MATCH_BARE) has come. */
void vd_flight_take(struct vd_resolver *resolver, struct vd_flight *flight, enum vd_match match,
                    const struct vd_message *message, uint64_t now_ms);

/* Something has come over UDP that is not the response, as `match` says.  message is read with
   VD_MATCH_ERROR alone. */
void vd_flight_mismatch(struct vd_resolver *resolver, struct vd_flight *flight, enum vd_match match,
                        const struct vd_message *message, uint64_t now_ms);

/* ---- for link.c -------------------------------------------------------------------------------- */

/*
 * Write the query of a try: fresh id, case and cookie.
 *
 * out has VD_QUERY_MAX bytes.  VD_OK, or as the source of random numbers.
 */
enum vd_status vd_flight_write(struct vd_resolver *resolver, struct vd_flight *flight,
                               uint64_t now_ms, uint8_t *out, size_t *len);

/* The query was handed over: wait for the answer. */
void vd_flight_sent(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms);

void vd_flight_close_socket(struct vd_resolver *resolver, struct vd_flight *flight);

#endif
