"""What a steady-state unary call of grpc-go takes on the wire: the floor is 30+N bytes for the request (seven
header fields of one byte each in a HEADERS frame, a DATA frame with the 5-byte prefix) and 35+M for the
response (HEADERS of two bytes, DATA, trailers of one byte), N and M being the encoded messages; one TCP
segment each way."""

import pytest

import pcap
import tap as tap_module
from tap import DATA, HEADERS, PREFACE
from targets import OURS

pytestmark = pytest.mark.kinds("plaintext")
GREET = "/greet.Greeter/SayHello"
CALLS = 20
WARM_UP = 5  # calls until both HPACK tables hold what repeats
N, M = 6, 12  # HelloRequest{name: "gram"}, HelloReply{message: "Hello gram"}
REQUEST, RESPONSE = 30 + N, 35 + M


def make_calls(connection):
    for _ in range(CALLS):
        assert connection.unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}


def steady_streams(frames):
    streams = sorted({f.stream for f in frames if f.type == HEADERS})
    assert len(streams) == CALLS
    return streams[WARM_UP:]


def bytes_of(frames, stream):
    return sum(9 + len(f.payload) for f in frames if f.stream == stream and f.type in (HEADERS, DATA))


@pytest.mark.targets(*OURS)
def test_frames(greeter, connect_with, tap, record_property):
    seen = tap(greeter)
    make_calls(connect_with("go", greeter, seen.address))
    streams = steady_streams(seen.frames)
    requests = {bytes_of([f for f in seen.frames if f.by_client], stream) for stream in streams}
    responses = {bytes_of([f for f in seen.frames if not f.by_client], stream) for stream in streams}
    record_property("request", str(requests))
    record_property("response", str(responses))
    assert requests == {REQUEST}
    assert responses == {RESPONSE}


def segments_of_streams(packets, preface_len):
    """{stream: [bytes of its HEADERS and DATA, numbers of the packets that they lie in]} of one direction."""
    reader, seen, streams = tap_module.FrameReader(preface_len), 0, {}
    next_sequence = None
    ends = []  # of each packet, in bytes of the stream
    at = preface_len
    for packet in packets:
        if next_sequence is not None and packet.sequence != next_sequence:
            continue  # sent again
        next_sequence = (packet.sequence + len(packet.payload)) % 2**32
        seen += len(packet.payload)
        ends.append(seen)
        for type, _, stream, payload in reader.feed(packet.payload):
            first, last = (
                next(i for i, end in enumerate(ends) if end > at + offset)
                for offset in (0, 9 + len(payload) - 1)
            )
            at += 9 + len(payload)
            if type in (HEADERS, DATA):
                entry = streams.setdefault(stream, [0, set()])
                entry[0] += 9 + len(payload)
                entry[1] |= {first, last}
    return streams


@pytest.mark.targets("sim")
def test_segments(fresh, connect_with, tmp_path, record_property):
    recording = tmp_path / "wire.pcap"
    server = fresh("greeter", "--pcap", str(recording))
    connection = connect_with("go", server)
    make_calls(connection)
    connection.close()
    server.stop()
    full = [p for p in pcap.packets(recording) if p.payload]
    board = next(p.sink for p in full if p.payload.startswith(PREFACE[:3]))
    inward = segments_of_streams([p for p in full if p.sink == board], len(PREFACE))
    outward = segments_of_streams([p for p in full if p.source == board], 0)
    steady = sorted(inward)[WARM_UP:]
    assert len(steady) == CALLS - WARM_UP
    record_property("packets", str(len(list(pcap.packets(recording)))))
    for stream in steady:
        assert outward[stream][0] == RESPONSE
        assert len(outward[stream][1]) == 1, "the response lies in one segment"
        assert inward[stream][0] == REQUEST
    # Whether a request lies in one is up to the client; it does unless its writer was interrupted.
    assert sum(len(inward[stream][1]) == 1 for stream in steady) > len(steady) / 2
