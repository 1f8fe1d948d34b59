"""The other end of a board's Ethernet wire: frames as bytes, over QEMU's UDP backend.

It plays the router: answers ARP for every address but the board's, gives the board its address by DHCP, and
pings.
"""
import socket
import struct
import time

from board_image import free_port

ROUTER_MAC, BOARD_MAC = bytes.fromhex("525400000001"), bytes.fromhex("525400123456")
BROADCAST = b"\xff" * 6
ROUTER, BOARD = bytes([10, 0, 2, 2]), bytes([10, 0, 2, 15])
ARP, IPV4 = 0x0806, 0x0800


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(kind, payload, to=BOARD_MAC):
    return to + ROUTER_MAC + struct.pack("!H", kind) + payload


def ipv4(protocol, payload, to=BOARD, total=None):
    total = total or 20 + len(payload)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, protocol, 0, ROUTER, to)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def echo_request(number, data):
    body = struct.pack("!BBHHH", 8, 0, 0, 7, number) + data
    return ethernet(IPV4, ipv4(1, body[:2] + struct.pack("!H", checksum(body)) + body[4:]))


def arp_request():
    body = struct.pack("!HHBBH6s4s6s4s", 1, IPV4, 6, 4, 1, ROUTER_MAC, ROUTER, b"\0" * 6, BOARD)
    return ethernet(ARP, body, BROADCAST)


class Wire:
    """Make one, then the image with `nic`, then bring_up()."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.peer = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        self.nic = f"socket,udp=127.0.0.1:{self.socket.getsockname()[1]},localaddr=127.0.0.1:{self.peer[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, frame):
        self.socket.sendto(frame, self.peer)

    def receive(self, seconds):
        """The next frame from the board, or None."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            return self.socket.recv(65536)
        except socket.timeout:
            return None

    def wait_for(self, wanted, seconds=5):
        """The first frame for which wanted(frame) is true; the router's duties are done meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            frame = self.receive(end - time.monotonic())
            if frame is None:
                break
            if wanted(frame):
                return frame
            self.serve(frame)
        raise AssertionError(f"the board did not answer within {seconds} s")

    def serve(self, frame):
        kind = struct.unpack("!H", frame[12:14])[0]
        if kind == ARP and frame[20:22] == b"\0\x01" and frame[38:42] != BOARD:
            self.send(ethernet(ARP, frame[14:20] + b"\0\x02" + ROUTER_MAC + frame[38:42] + frame[22:32]))
        elif kind == IPV4 and frame[23] == 17 and frame[36:38] == b"\0\x43":  # UDP to port 67
            self.serve_dhcp(frame[42:])

    def serve_dhcp(self, message):
        kind = {1: 2, 3: 5}.get(message[242])  # DISCOVER -> OFFER, REQUEST -> ACK (option 53 comes first)
        if kind is None:
            return
        options = bytes([53, 1, kind, 54, 4, *ROUTER, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0])
        options += bytes([3, 4, *ROUTER, 255])
        reply = b"\x02" + message[1:16] + BOARD + ROUTER + message[24:236] + message[236:240] + options
        udp = struct.pack("!HHHH", 67, 68, 8 + len(reply), 0) + reply
        self.send(ethernet(IPV4, ipv4(17, udp, to=b"\xff" * 4), BROADCAST))

    def bring_up(self, image):
        end = time.monotonic() + 10
        while not image.log().endswith(f"address {'.'.join(map(str, BOARD))})\r\n"):
            assert time.monotonic() < end, f"no address; the UART said:\n{image.log()}"
            frame = self.receive(0.05)
            if frame:
                self.serve(frame)

    def ping(self, number=0, data=b"are you there?", seconds=5):
        """The data that came back."""
        self.send(echo_request(number, data))
        head = struct.pack("!HH", 7, number)
        frame = self.wait_for(
            lambda f: f[12:14] == b"\x08\0" and f[23] == 1 and f[34] == 0 and f[38:42] == head, seconds)
        length = struct.unpack("!H", frame[16:18])[0]
        return frame[42:14 + length]
