"""Reads the simulator's recording of its Ethernet (classic pcap) as far as the tests need it: the TCP payload
of IPv4, packet by packet."""

import struct
from collections import namedtuple

Packet = namedtuple("Packet", "source sink sequence payload")  # source and sink: (address, port)


def packets(path):
    """Every TCP packet in the order in which it passed, those without payload too."""
    data = path.read_bytes()
    (magic,) = struct.unpack_from("<I", data)
    endian = {0xA1B2C3D4: "<", 0xA1B23C4D: "<", 0xD4C3B2A1: ">", 0x4D3CB2A1: ">"}[magic]
    at = 24
    while at + 16 <= len(data):
        (length,) = struct.unpack_from(endian + "I", data, at + 8)
        packet = parse(data[at + 16 : at + 16 + length])
        if packet:
            yield packet
        at += 16 + length


def parse(frame):
    if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return None
    ip = frame[14:]
    ip = ip[: struct.unpack_from(">H", ip, 2)[0]]  # Ethernet pads short frames
    tcp = ip[4 * (ip[0] & 15) :]
    source_port, sink_port, sequence = struct.unpack_from(">HHI", tcp)
    return Packet((ip[12:16], source_port), (ip[16:20], sink_port), sequence, tcp[4 * (tcp[12] >> 4) :])
