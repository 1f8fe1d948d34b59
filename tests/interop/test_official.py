"""gRPC's official interoperability cases, by grpc-go's own client, against the application `interop`, in plaintext
and over TLS; it has no client certificates, so under mutual TLS a program of our own (go/official-client) calls its functions.

On a board whose memory does not hold a case's requests, the case must end with RESOURCE_EXHAUSTED; the
server's log says so, since the client does not always. `make test` runs a chosen few on the boards, `make
matrix` all."""

import subprocess

import pytest

import certs
from apps import BUILD

pytestmark = pytest.mark.kinds("plaintext", "tls", "mtls")

CASES = [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "custom_metadata",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "unimplemented_service",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
]
ON_BOARDS = {"empty_unary", "large_unary", "ping_pong", "custom_metadata", "status_code_and_message"}

# Requests of 27 KB and more, and the method that they are for.
TOO_LARGE = {
    "lm3s6965evb": {
        "large_unary": "UnaryCall",
        "client_streaming": "StreamingInputCall",
        "ping_pong": "FullDuplexCall",
        "cancel_after_first_response": "FullDuplexCall",
    }
}

# The same, where the deadline of a millisecond may come first.
TOO_LARGE_OR_LATE = {"lm3s6965evb": {"timeout_on_sleeping_server"}}


def command(server):
    """The program, and where it finds the server."""
    ca = f"-ca_file={certs.path('ca')}"
    if server.secure == "mtls":
        own = [f"-cert_file={certs.path('client')}", f"-key_file={certs.path('client', 'key')}"]
        return [BUILD / "tools" / "official-client", f"-server={server.address}", ca, *own]
    tls = ["-use_tls=false"]
    if server.secure == "tls":
        tls = ["-use_tls=true", "-use_test_ca", ca, "-server_host_override=localhost"]
    return [BUILD / "tools" / "client", "-server_host=127.0.0.1", f"-server_port={server.port}", *tls]


def official(server, case, *options, seconds=50):
    """(whether the client is content, the end of what it printed)"""
    done = subprocess.run(
        [*command(server), f"-test_case={case}", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds,
    )
    return done.returncode == 0, done.stdout[-2000:]


def run_case(server, target, case):
    """What came of it, for the table."""
    method = TOO_LARGE.get(target.name, {}).get(case)
    before = len(server.output)
    content, text = official(server, case)
    if not content and case in TOO_LARGE_OR_LATE.get(target.name, ()):
        assert "ResourceExhausted" in text, text
        return "RESOURCE_EXHAUSTED"
    if method is None:
        assert content, text
        return "OK"
    assert not content, "the client is content, though the request does not fit the target's memory"
    server.wait_for_line(rf"TestService/{method} RESOURCE_EXHAUSTED", since=before)
    return "RESOURCE_EXHAUSTED"


@pytest.mark.targets("sim", "posix", "reference")
@pytest.mark.parametrize("case", CASES)
def test_official_case(interop, target, cell, case):
    cell(case, "official", lambda: run_case(interop, target, case))


@pytest.mark.targets("lm3s6965evb", "mps2-an385")
@pytest.mark.parametrize("case", sorted(ON_BOARDS))
def test_official_case_on_a_board(interop, target, cell, case):
    cell(case, "official", lambda: run_case(interop, target, case))


@pytest.mark.matrix
@pytest.mark.targets("lm3s6965evb", "mps2-an385")
@pytest.mark.parametrize("case", [case for case in CASES if case not in ON_BOARDS])
def test_other_official_case_on_a_board(interop, target, cell, case):
    cell(case, "official", lambda: run_case(interop, target, case))


@pytest.mark.targets("sim", "posix")
@pytest.mark.parametrize("case", ["rpc_soak", "channel_soak"])
def test_a_short_soak(interop, target, case):
    content, text = official(interop, case, "-soak_iterations=10", "-soak_overall_timeout_seconds=50")
    assert content, text


@pytest.mark.matrix
@pytest.mark.timeout(1500)
@pytest.mark.targets("sim", "posix", "mps2-an385")
@pytest.mark.parametrize("case, count", [("rpc_soak", 10_000), ("channel_soak", 1_000)])
def test_soak(fresh, target, cell, case, count):
    """Large unary calls, on one connection or each on a new one; nothing is taken at the end."""
    count = count if target.says_how_it_ended else count // 10  # emulated, it takes ten times as long
    count = count // 10 if target.secure == "mtls" else count  # what is new in it are handshakes

    def soak():
        server = fresh("interop")
        options = [f"-soak_iterations={count}", "-soak_overall_timeout_seconds=1400"]
        content, text = official(server, case, *options, seconds=1450)
        assert content, text
        if target.says_how_it_ended:
            server.end_well()
        return f"OK ({count:,})"

    cell(case, "official", soak)
