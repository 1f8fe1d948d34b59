/* Prints HTTP/2 frames, a line each: what `--trace` shows. Fits gram_log's `frame`. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void sim_trace_frame(unsigned conn, bool in, const uint8_t header[9], const uint8_t *payload, size_t len);

#endif
