"""The simulator as a person meets it: its options, what it prints, how it ends."""

import shlex
import signal
import subprocess

import pytest

from apps import BUILD
from clients import NOT_FOUND

pytestmark = pytest.mark.targets("sim")
GREET = "/greet.Greeter/SayHello"


def run(target, *options, app="greeter"):
    """A run that ends by itself: (exit status, lines printed)."""
    target.server(app)  # builds it
    done = subprocess.run(
        [BUILD / "sim" / app, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=20,
    )
    return done.returncode, done.stdout.splitlines()


def test_help(target):
    status, lines = run(target, "--help")
    assert status == 0
    for option in ("--port", "--net", "--trace", "--pcap", "--help"):
        assert any(option in line for line in lines), option


@pytest.mark.parametrize(
    "options",
    [
        ["--nosuch"],
        ["--port"],
        ["--port", "0"],
        ["--port", "70000"],
        ["--port", "abc"],
        ["--net", "nosuch"],
        ["--pcap", "/no/such/folder/file"],
        ["nosuch"],
    ],
    ids=" ".join,
)
def test_mistakes_are_told_in_one_line(target, options):
    status, lines = run(target, *options)
    assert status == 1
    assert len(lines) == 1 and lines[0].startswith("gram: "), lines


def test_a_port_in_use(target, greeter):
    status, lines = run(target, "--port", str(greeter.port))
    assert status == 1
    assert len(lines) == 1 and str(greeter.port) in lines[0] and "in use" in lines[0], lines


@pytest.mark.kinds("plaintext", "mtls")
def test_the_lines_to_paste_work(target, app):
    server = target.server(app)
    server.wait_for_line(r"ready on localhost:%d \(simulator, address 10\.0\.2\.15\)" % server.port)
    server.wait_for_line(r"grpcurl (?!.* (list$|describe ))")  # the last of them: they follow the ready line
    lines = [line.strip() for line in server.output if line.strip().startswith("grpcurl ")]
    assert len(lines) >= 3, server.text()
    for line in lines:
        words = [str(BUILD / "tools" / "grpcurl"), *shlex.split(line)[1:]]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def test_each_call_is_one_line(users, connect_with):
    connection = connect_with("go", users)
    for path, request, words in [
        ("/user.UserService/GetUser", {"id": 1}, r"\bOK\b"),
        ("/user.UserService/GetUser", {"id": 4711}, r"NOT_FOUND"),
        ("/user.UserService/StreamUsers", {}, r"\bOK\b"),
    ]:
        before = len(users.output)
        connection.call(path, request).end()
        line = users.wait_for_line(path.strip("/"), since=before)
        users.wait_for_line(path.strip("/") + ".*" + words, since=before)
        assert " ms" in line, line
        assert sum(path.strip("/") in text for text in users.output[before:]) == 1


def test_errors_are_no_lines_of_error(users, connect_with):
    """What a client does wrong is the client's business: the log has it as a call, not as an error."""
    before = len(users.output)
    assert connect_with("go", users).fails("/user.UserService/GetUser", {"id": 4711}).code == NOT_FOUND
    users.wait_for_line("NOT_FOUND", since=before)
    assert not any("error:" in line for line in users.output[before:])


def test_trace(fresh, connect_with):
    server = fresh("greeter", "--trace")
    assert connect_with("go", server).unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}
    for pattern in (r"<- HEADERS", r"<- DATA", r"-> HEADERS", r"-> DATA", r"-> SETTINGS", r"<- SETTINGS"):
        server.wait_for_line(pattern)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_ends_well(fresh, connect_with, how):
    server = fresh("greeter")
    connect_with("python", server).unary(GREET, {"name": "gram"})
    assert server.stop(how) == 0
    assert server.output[-1].startswith("gram: "), server.text()


def test_it_ends_well_when_nobody_called(fresh):
    fresh("greeter").end_well()


@pytest.mark.kinds("plaintext", "tls")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_hosts(greeter, connect, host):
    assert connect(greeter, f"{host}:{greeter.port}").unary(GREET, {"name": "gram"}) == {
        "message": "Hello gram"
    }


@pytest.mark.timeout(120)
def test_a_lossy_wire(fresh, connect_with):
    server = fresh(
        "greeter", "--net", "wire", "--loss", "3", "--duplicate", "3", "--reorder", "3", "--seed", "1"
    )
    connection = connect_with("go", server)
    for n in range(20):
        assert connection.unary(GREET, {"name": f"number {n}"}, timeout=30) == {
            "message": f"Hello number {n}"
        }
