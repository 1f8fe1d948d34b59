"""A TCP proxy between a client and a server that remembers every HTTP/2 frame that has passed, both ways.

It is how the tests see what clients hide, such as a refused stream that was tried again. Plaintext HTTP/2
only."""

import socket
import struct
import threading
from collections import namedtuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    range(10)
)
END_STREAM = ACK = 1
END_HEADERS = 4
REFUSED_STREAM = 7

Frame = namedtuple("Frame", "conn by_client type flags stream payload")


class FrameReader:
    """Cuts a byte stream into frames."""

    def __init__(self, preface_len=0):
        self.buffer = bytearray()
        self.skip = preface_len

    def feed(self, data):
        """Every frame that is complete now: (type, flags, stream, payload)."""
        self.buffer += data
        if self.skip:
            cut = min(self.skip, len(self.buffer))
            del self.buffer[:cut]
            self.skip -= cut
        while not self.skip and len(self.buffer) >= 9:
            length = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + length:
                return
            type, flags, stream = struct.unpack_from(">BBI", self.buffer, 3)
            yield type, flags, stream & 0x7FFFFFFF, bytes(self.buffer[9 : 9 + length])
            del self.buffer[: 9 + length]


class Tap:
    """Listens on a port of its own and forwards to `port` of this machine, both on 127.0.0.1."""

    def __init__(self, port):
        self.port = port
        self.frames = []  # in the order in which they passed; appended to by threads, read by tests
        self.connections = 0
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except ConnectionRefusedError:  # it has ended
                client.close()
                continue
            number = self.connections
            self.connections += 1
            self.sockets += [client, server]
            for source, sink, by_client in ((client, server, True), (server, client, False)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(
                    target=self._pump, args=(number, source, sink, by_client), daemon=True
                ).start()

    def _pump(self, number, source, sink, by_client):
        reader = FrameReader(len(PREFACE) if by_client else 0)
        try:
            while data := source.recv(65536):
                self._look(number, by_client, reader, data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (source, sink):
                s.close()

    def _look(self, number, by_client, reader, data):
        self.frames += [Frame(number, by_client, *frame) for frame in reader.feed(data)]

    def of_server(self, type):
        return [f for f in self.frames if not f.by_client and f.type == type]

    def of_client(self, type):
        return [f for f in self.frames if f.by_client and f.type == type]

    def refused(self):
        """Streams that the server refused, and connections that it ended."""
        return [f for f in self.of_server(RST_STREAM) if f.payload[3] == REFUSED_STREAM] + self.of_server(
            GOAWAY
        )

    def close(self):
        for s in (self.listener, *self.sockets):
            # A socket that a thread is reading stays open behind a mere close().
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed by its peer
            s.close()


class Relay(Tap):
    """A Tap for what cannot be read: it keeps only the first bytes of each connection's client and server."""

    def __init__(self, port):
        self.first, self.answer = {}, {}  # by number of the connection
        super().__init__(port)

    def _look(self, number, by_client, reader, data):
        kept = (self.first if by_client else self.answer).setdefault(number, bytearray())
        if len(kept) < 4096:
            kept += data
