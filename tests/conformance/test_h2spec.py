"""h2spec, the HTTP/2 conformance suite: every case of it, the strict ones too, against the greeter
application, in plaintext and over TLS. It knows no gRPC: its requests are plain GETs and POSTs, and what it looks at is how the
connection behaves."""

import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import certs
import h2raw
from apps import BUILD
from h2raw import message, request_headers
from targets import BOARDS

CASES = 146
# Cases that may fail yet. To be lowered, never raised.
MAY_FAIL = 0


def run_h2spec(server, report):
    """{name of a case: None if it passed, else what happened}."""
    tls = [] if server.secure == "plaintext" else ["--tls", "--insecure"]
    subprocess.run(
        [BUILD / "tools" / "h2spec", "--strict", *tls, "--port", str(server.port), "--junit-report", report],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=400,
    )
    results = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        # Failed is <error> in one version of h2spec and <failure> in the other.
        bad = next((child for child in case if child.tag in ("error", "failure")), None)
        name = f"{case.get('package')}/{case.get('classname')}"
        while name in results:
            name += "'"
        results[name] = None if bad is None else " ".join((bad.text or "").split())
    return results


@pytest.mark.timeout(420)
@pytest.mark.kinds("plaintext", "tls")
@pytest.mark.targets("sim", "reference")
def test_h2spec(greeter, tmp_path, record_property):
    conform(greeter, tmp_path, record_property)


@pytest.mark.matrix
@pytest.mark.timeout(420)
@pytest.mark.targets(*BOARDS)
def test_h2spec_on_a_board(greeter, tmp_path, record_property):
    conform(greeter, tmp_path, record_property)


def conform(greeter, tmp_path, record_property):
    results = run_h2spec(greeter, tmp_path / "h2spec.xml")
    failed = {name: why for name, why in results.items() if why is not None}
    record_property("h2spec", f"{len(results) - len(failed)} of {len(results)}")
    report = "\n".join(
        [f"{len(results) - len(failed)} of {len(results)} cases passed"]
        + [f"{name}: {why}" for name, why in failed.items()]
    )
    print(report)
    assert len(results) == CASES, report
    assert len(failed) <= MAY_FAIL, report
    # After all that was done to it, it still serves.
    with h2raw.Connection(greeter.port, tls=certs.python_context(greeter.secure)) as connection:
        reply = connection.reply(
            connection.request(request_headers("/greet.Greeter/SayHello"), message(b"\x0a\x04gram"))
        )
        assert reply.data == message(b"\x0a\x0aHello gram")
