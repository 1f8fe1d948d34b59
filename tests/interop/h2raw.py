"""HTTP/2 by hand, for what no gRPC client would send: a blocking connection that writes any frame and reads
the server's. Header blocks go through the package hpack, without Huffman coding on the way out."""

import socket
import struct
import time
from collections import namedtuple

import hpack

import tap

Reply = namedtuple("Reply", "headers data trailers reset")
Frame = namedtuple("Frame", "type flags stream payload headers")


def frame(type, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", type, flags, stream) + payload


def message(encoded, flag=0):
    """A gRPC message: flag, length, the encoded protobuf."""
    return struct.pack(">BI", flag, len(encoded)) + encoded


def request_headers(path, **changes):
    """A gRPC request's headers; a keyword changes one (`_` for `-`, `pseudo_x` for `:x`), None drops it."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    for name, value in changes.items():
        name = ":" + name[7:] if name.startswith("pseudo_") else name.replace("_", "-")
        if value is None:
            headers.pop(name, None)
        else:
            headers[name] = value
    return list(headers.items())

# Seconds until an answer counts as missing: long enough for a segment that a busy emulator drops, and TCP sends again.
PATIENCE = 20


class Connection:
    """A connection whose preface and SETTINGS are sent when it is made; stream ids count up from 1. With `tls`, an
    ssl.SSLContext, over TLS."""

    def __init__(self, port, settings=b"", timeout=PATIENCE, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.reader = tap.FrameReader()
        self.waiting = []  # frames read and not taken yet
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.next_stream = 1
        self.send(tap.PREFACE + frame(tap.SETTINGS, 0, 0, settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def reset(self):
        """Closes with a RST, whatever is under way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, headers, body=b"", end=True):
        """Sends a request; its stream id."""
        stream = self.next_stream
        self.next_stream += 2
        block = self.encoder.encode(headers, huffman=False)
        flags = tap.END_HEADERS | (tap.END_STREAM if end and not body else 0)
        self.send(frame(tap.HEADERS, flags, stream, block))
        if body:
            self.send(frame(tap.DATA, tap.END_STREAM if end else 0, stream, body))
        return stream

    def read_more(self):
        """False when the server has closed. What SETTINGS and PING ask for is answered."""
        data = self.socket.recv(65536)
        for raw in self.reader.feed(data):
            f = self.decoded(*raw)
            self.waiting.append(f)
            if f.type in (tap.SETTINGS, tap.PING) and not f.flags & tap.ACK:
                self.send(frame(f.type, tap.ACK, 0, f.payload if f.type == tap.PING else b""))
        return bool(data)

    def decoded(self, type, flags, stream, payload):
        # Every block is decoded, or the table would be out of step for the next.
        assert type != tap.HEADERS or flags & tap.END_HEADERS
        return Frame(
            type, flags, stream, payload, dict(self.decoder.decode(payload)) if type == tap.HEADERS else None
        )

    def take(self, wanted, timeout=PATIENCE):
        """The first frame for which wanted(frame) holds; the others stay for whoever asks for them."""
        deadline = time.monotonic() + timeout
        while True:
            for f in self.waiting:
                if wanted(f):
                    self.waiting.remove(f)
                    return f
            assert time.monotonic() < deadline, "the frame did not come"
            assert self.read_more(), f"the server closed the connection; unread: {self.waiting}"

    def take_first(self):
        return self.take(lambda f: True)

    def reply(self, stream, timeout=PATIENCE):
        """Everything on a stream until it ends: headers and trailers as dicts, the same if Trailers-Only."""
        blocks, data = [], b""
        while True:
            f = self.take(lambda f: f.stream == stream or f.type == tap.GOAWAY, timeout)
            assert f.type != tap.GOAWAY, f"GOAWAY {f.payload!r}"
            if f.type == tap.RST_STREAM:
                code = int.from_bytes(f.payload, "big")
                return Reply(blocks[0] if blocks else {}, data, blocks[-1] if blocks else {}, code)
            if f.type == tap.HEADERS:
                blocks.append(f.headers)
            if f.type == tap.DATA:
                data += f.payload
            if f.flags & tap.END_STREAM and f.type in (tap.HEADERS, tap.DATA):
                return Reply(blocks[0], data, blocks[-1], None)
