/* The host's clocks. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdint.h>

int64_t sim_clock_ns(void);  /* since some start */
uint32_t sim_clock_ms(void); /* the same, wrapping */

#endif
