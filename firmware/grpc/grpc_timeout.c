/* grpc-timeout (gRPC over HTTP/2, "Timeout"): up to 8 digits and a unit, kept as 16 bits in the HPACK table, since some clients index a
 * value that changes with every call. Rounded up, by less than 0.1 %: a deadline is never cut short. */
#include "grpc_internal.h"

#define MANTISSA_BITS 11

uint16_t gram_timeout_pack(uint32_t ms)
{
    uint32_t exponent = 0;

    if (ms > INT32_MAX)
        return GRAM_TIMEOUT_NONE;
    while (ms >= 1u << MANTISSA_BITS) {
        ms = (ms >> 1) + (ms & 1);
        exponent++;
    }
    return (uint16_t)(exponent << MANTISSA_BITS | ms);
}

uint32_t gram_timeout_unpack(uint16_t packed)
{
    if (packed == GRAM_TIMEOUT_NONE)
        return GRAM_FOREVER;
    return (uint32_t)(packed & ((1u << MANTISSA_BITS) - 1)) << (packed >> MANTISSA_BITS);
}

bool gram_timeout_ms(uint32_t number, char unit, uint32_t *ms)
{
    uint32_t times = 1, parts = 1;

    switch (unit) {
    case 'H':
        times = 3600000;
        break;
    case 'M':
        times = 60000;
        break;
    case 'S':
        times = 1000;
        break;
    case 'm':
        break;
    case 'u':
        parts = 1000;
        break;
    case 'n':
        parts = 1000000;
        break;
    default:
        return false;
    }
    *ms = number > INT32_MAX / times ? GRAM_FOREVER : (number * times + parts - 1) / parts;
    return true;
}
