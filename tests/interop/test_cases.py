"""gRPC's official interoperability cases, as grpc-go, grpcio and grpc-js each play them from the same script, in
plaintext, over TLS and over mutual TLS.
test_official.py has grpc-go's own program for them. On a board whose memory does not hold a case's requests,
they are answered RESOURCE_EXHAUSTED."""

import base64

import pytest

from clients import CANCELLED, DEADLINE_EXCEEDED, OK, RESOURCE_EXHAUSTED, UNIMPLEMENTED, RpcError

SERVICE = "/grpc.testing.TestService/"
BODIES = [27182, 8, 1828, 45904]  # of the streaming cases' requests, and of their replies
REPLIES = [31415, 9, 2653, 58979]


def payload(size):
    return {"payload": {"body": base64.b64encode(bytes(size)).decode()}}


def wants(size, body=None):
    return {"response_parameters": [{"size": size}], **(payload(body) if body else {})}


def size_of(reply):
    return len(base64.b64decode(reply["payload"].get("body", "")))


def empty_unary(connection):
    assert connection.unary(SERVICE + "EmptyCall", {}) == {}


def large_unary(connection):
    request = {"response_size": 314159, **payload(271828)}
    assert size_of(connection.unary(SERVICE + "UnaryCall", request, timeout=20)) == 314159


def client_streaming(connection):
    call = connection.call(SERVICE + "StreamingInputCall", *map(payload, BODIES))
    assert call.replies() == [{"aggregated_payload_size": 74922}]


def server_streaming(connection):
    request = {"response_parameters": [{"size": size} for size in REPLIES]}
    assert [size_of(r) for r in connection.stream(SERVICE + "StreamingOutputCall", request)] == REPLIES


def ping_pong(connection):
    call = connection.call(SERVICE + "FullDuplexCall", open=True)
    for body, size in zip(BODIES, REPLIES):
        call.send(wants(size, body))
        assert size_of(call.next()) == size
    call.finish()
    assert call.next() is None


def empty_stream(connection):
    assert connection.call(SERVICE + "FullDuplexCall").replies() == []


def custom_metadata(connection):
    sent = [["x-grpc-test-echo-initial", "test_initial_metadata_value"]]
    sent += [["x-grpc-test-echo-trailing-bin", base64.b64encode(b"\xab\xab\xab").decode()]]
    for method in ("UnaryCall", "FullDuplexCall"):
        request = {"response_size": 9, **payload(8)} if method == "UnaryCall" else wants(9, 8)
        call = connection.call(SERVICE + method, request, metadata=sent)
        assert [size_of(reply) for reply in call.replies()] == [9]
        assert call.headers["x-grpc-test-echo-initial"] == [sent[0][1]]
        assert call.trailers["x-grpc-test-echo-trailing-bin"] == [sent[1][1]]


def status_code_and_message(connection):
    wish = {"response_status": {"code": 2, "message": "test status message"}}
    for method in ("UnaryCall", "FullDuplexCall"):
        assert connection.call(SERVICE + method, wish).end() == (2, "test status message")


def special_status_message(connection):
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    call = connection.call(SERVICE + "UnaryCall", {"response_status": {"code": 2, "message": text}})
    assert call.end() == (2, text)


def unimplemented_method(connection):
    assert connection.fails(SERVICE + "UnimplementedCall", {}).code == UNIMPLEMENTED


def unimplemented_service(connection):
    path = "/grpc.testing.UnimplementedService/UnimplementedCall"
    assert connection.fails(path, {}).code == UNIMPLEMENTED


def cancel_after_begin(connection):
    call = connection.call(SERVICE + "StreamingInputCall", open=True)
    call.cancel()
    assert call.end()[0] == CANCELLED


def cancel_after_first_response(connection):
    call = connection.call(SERVICE + "FullDuplexCall", wants(31415, 27182), open=True)
    assert size_of(call.next()) == 31415
    call.cancel()
    assert call.end()[0] == CANCELLED


def timeout_on_sleeping_server(connection):
    call = connection.call(SERVICE + "FullDuplexCall", payload(27182), deadline=0.001, open=True)
    code, message = call.end()
    if code in (RESOURCE_EXHAUSTED, CANCELLED):  # refused before the millisecond was over; see SERVER_FIRST
        raise RpcError(code, message)
    assert code == DEADLINE_EXCEEDED


CASES = [
    empty_unary,
    large_unary,
    client_streaming,
    server_streaming,
    ping_pong,
    empty_stream,
    custom_metadata,
    status_code_and_message,
    special_status_message,
    unimplemented_method,
    unimplemented_service,
    cancel_after_begin,
    cancel_after_first_response,
    timeout_on_sleeping_server,
]
TOO_LARGE = {"lm3s6965evb": [large_unary, client_streaming, ping_pong, cancel_after_first_response]}
TOO_LARGE_OR_LATE = {"lm3s6965evb": [timeout_on_sleeping_server]}
# At a deadline grpc-go's server resets the stream with CANCEL, and grpcio reports what comes first.
SERVER_FIRST = {"reference": [timeout_on_sleeping_server]}
ON_BOARDS = [empty_unary, large_unary, ping_pong, custom_metadata, status_code_and_message]


def play(case, target, connection):
    """What came of it, for the table."""
    too_large = case in TOO_LARGE.get(target.name, [])
    result = "OK"
    try:
        case(connection)
    except RpcError as error:
        if error.code == CANCELLED and case in SERVER_FIRST.get(target.name, []):
            return "CANCELLED"
        assert error.code == RESOURCE_EXHAUSTED, error
        assert too_large or case in TOO_LARGE_OR_LATE.get(target.name, []), error
        result = "RESOURCE_EXHAUSTED"
    assert result != "OK" or not too_large, "answered, though the request does not fit the target's memory"
    assert connection.call(SERVICE + "EmptyCall", {}).end()[0] == OK, "the connection goes on"
    return result


def named(case):
    return case.__name__


@pytest.mark.kinds("plaintext", "tls", "mtls")
@pytest.mark.targets("sim", "posix", "reference")
@pytest.mark.parametrize("case", CASES, ids=named)
def test_case(interop, target, connect, client_name, cell, case):
    cell(named(case), client_name, lambda: play(case, target, connect(interop)))


@pytest.mark.kinds("plaintext", "tls", "mtls")
@pytest.mark.targets("lm3s6965evb", "mps2-an385")
@pytest.mark.parametrize("case", ON_BOARDS, ids=named)
def test_case_on_a_board(interop, target, connect, client_name, cell, case):
    cell(named(case), client_name, lambda: play(case, target, connect(interop)))


@pytest.mark.matrix
@pytest.mark.kinds("plaintext", "tls", "mtls")
@pytest.mark.targets("lm3s6965evb", "mps2-an385")
@pytest.mark.parametrize("case", [case for case in CASES if case not in ON_BOARDS], ids=named)
def test_other_case_on_a_board(interop, target, connect, client_name, cell, case):
    cell(named(case), client_name, lambda: play(case, target, connect(interop)))
