/* What the benchmark asks of its machine, QEMU: a line of output, a count of instructions, an end. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <stdint.h>

void bench_target_init(void);
/* Ticks of the clock, counting up. With QEMU's `-icount shift=0` one is a fixed number of instructions. */
#define BENCH_TICKS_MASK 0xFFFFFFu
uint32_t bench_ticks(void);
/* Ends when `instructions` have been executed, of which it needs some itself. */
void bench_burn(uint32_t instructions);
void bench_put(const char *text);
void bench_put_u32(uint32_t value);
/* The number that QEMU was given (-semihosting-config arg=), or `otherwise`. */
uint32_t bench_argument(uint32_t otherwise);
_Noreturn void bench_exit(void);

#endif
