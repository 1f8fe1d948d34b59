/* Writes Ethernet frames into a file that Wireshark and tshark open (classic pcap). */
#ifndef SIM_PCAP_H
#define SIM_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the file cannot be written; errno says why. */
bool sim_pcap_open(const char *path);
/* One frame, with the time it is now. Without an open file, nothing. */
void sim_pcap_frame(const uint8_t *frame, size_t len);
void sim_pcap_close(void);

#endif
