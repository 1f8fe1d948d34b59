/* pcap.h: the classic format (draft-ietf-opsawg-pcap), in the host's byte order with microseconds. */
#define _DEFAULT_SOURCE
#include "pcap.h"

#include <stdio.h>
#include <time.h>

#define MAGIC_MICROSECONDS 0xA1B2C3D4U
#define LINKTYPE_ETHERNET 1

static FILE *file;

static void put16(uint16_t v)
{
    fwrite(&v, sizeof v, 1, file);
}

static void put32(uint32_t v)
{
    fwrite(&v, sizeof v, 1, file);
}

bool sim_pcap_open(const char *path)
{
    file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    put32(MAGIC_MICROSECONDS);
    put16(2); /* version 2.4 */
    put16(4);
    put32(0); /* time zone, accuracy: always 0 */
    put32(0);
    put32(65535); /* longest frame */
    put32(LINKTYPE_ETHERNET);
    fflush(file);
    return true;
}

void sim_pcap_frame(const uint8_t *frame, size_t len)
{
    struct timespec now;

    if (file == NULL) {
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    put32((uint32_t)now.tv_sec);
    put32((uint32_t)(now.tv_nsec / 1000));
    put32((uint32_t)len); /* kept, and on the wire: all of it */
    put32((uint32_t)len);
    fwrite(frame, 1, len, file);
    /* The file can be watched while it grows, and is whole however the simulator ends. */
    fflush(file);
}

void sim_pcap_close(void)
{
    if (file != NULL) {
        fclose(file);
        file = NULL;
    }
}
