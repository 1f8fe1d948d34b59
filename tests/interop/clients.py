"""The clients that the tests drive: grpc-go, grpcio and grpc-js, each a program that takes commands on its
standard input and reports on its standard output, one JSON object a line. All three speak the same, so a test
is written once.

Commands:
    {"op": "connect", "conn": NAME, "target": "host:port", "deadline": SECONDS,
     "options": [[KEY, VALUE]..] or absent: the channel's own, where the client is grpcio;
     "tls": {"ca": FILE, "cert": FILE, "key": FILE, "name": NAME, "resume": true} or absent: plaintext;
     cert and key, for mutual TLS, and name, of the server where it is not the host, may be absent; with resume,
     grpc-go and grpcio come back with the sessions of earlier connections (grpc-js keeps none)}
    {"op": "call", "id": N, "conn": NAME, "path": "/package.Service/Method", "requests": [MESSAGE..],
     "deadline": SECONDS or absent, "metadata": [[KEY, VALUE]..] or absent (of a -bin key in base64),
     "open": true if more requests will follow}
    {"op": "send", "id": N, "request": MESSAGE} and at last {"op": "finish", "id": N}, of a call that is open
    {"op": "cancel", "id": N}
    {"op": "close", "conn": NAME}
Reports:
    {"conn": NAME, "state": "ready", "closed" or what went wrong}
    {"id": N, "reply": MESSAGE} as often as there are any, then {"id": N, "end": {"code": N, "message": TEXT,
     "headers": {KEY: [VALUE..]}, "trailers": the same}}; in "end" also "details" where the status has any:
     [MESSAGE..] with "@type", as proto3's JSON has Any

Calls run at the same time; a message is proto3's JSON with the field names of the .proto file. Each
connection is one TCP connection; it is ready when the server's SETTINGS have come. The program ends when its
standard input does."""

import base64
import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2  # noqa: F401: json_format finds details by their names

import certs
from apps import BUILD, COMMON_PROTOS, PROTO, PROTOS, descriptor_set

HERE = Path(__file__).resolve().parent
COMMANDS = {
    "go": lambda app: [BUILD / "tools" / "interop-client", descriptor_set(app)],
    "python": lambda app: [sys.executable, HERE / "python" / "client.py", descriptor_set(app)],
    "node": lambda app: [
        "node",
        HERE / "node" / "client.js",
        BUILD / "tools" / "node",
        PROTO,
        *PROTOS[app],
        *COMMON_PROTOS,
    ],
}
NAMES = list(COMMANDS)

OK = 0
CANCELLED = 1
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
UNAUTHENTICATED = 16


class RpcError(Exception):
    def __init__(self, code, message, details=()):
        super().__init__(f"status {code}: {message}")
        self.code = code
        self.message = message
        self.details = list(details)


def decoded(end):
    """The details of an end: grpc-js hands out the bytes of google.rpc.Status, and no more."""
    if "status" not in end:
        return end.get("details", [])
    status = status_pb2.Status.FromString(base64.b64decode(end["status"]))
    assert (status.code, status.message) == (end["code"], end["message"])
    return [json_format.MessageToDict(detail) for detail in status.details]


class NotConnected(AssertionError):
    def __init__(self, what, state):
        super().__init__(f"{what}: {state}")
        self.state = state


class Client:
    """One client program."""

    def __init__(self, name, app):
        self.name = name
        self.numbers = itertools.count(1)
        self.inboxes = {}  # by call id or connection name: its reports
        self.process = subprocess.Popen(
            [str(word) for word in COMMANDS[name](app)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            report = json.loads(line)
            self.inboxes[report.get("id") or report["conn"]].put(report)
        for inbox in list(self.inboxes.values()):
            inbox.put(
                {"state": "the client program has ended", "end": {"code": -1, "message": "client ended"}}
            )

    def send(self, inbox, **command):
        self.inboxes.setdefault(inbox, queue.Queue())
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def receive(self, inbox, timeout):
        try:
            return self.inboxes[inbox].get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"the {self.name} client reported nothing for {timeout} s") from None

    def connect(self, address, tls=None, deadline=5, **more):
        return Connection(self, address, tls, deadline, **more)

    def cannot_connect(self, address, tls=None, deadline=1):
        """Sees that no connection comes about; what the client says of it."""
        with pytest.raises(NotConnected) as error:
            self.connect(address, tls, deadline)
        return error.value.state

    def kill(self):
        """As a crash or a lost power supply would: no goodbye on any connection."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()


def grpcio_channel(server):
    """For the tests that call with stubs of their own."""
    tls = certs.client_options(server.secure)
    if not tls:
        return grpc.insecure_channel(server.address)
    ca, key, cert = (Path(tls[what]).read_bytes() if what in tls else None for what in ("ca", "key", "cert"))
    return grpc.secure_channel(server.address, grpc.ssl_channel_credentials(ca, key, cert))


class Connection:
    def __init__(self, client, address, tls, deadline, **more):
        self.client = client
        self.name = f"c{next(client.numbers)}"
        self.closed = False
        more |= {"tls": tls} if tls else {}
        client.send(self.name, op="connect", conn=self.name, target=address, deadline=deadline, **more)
        state = client.receive(self.name, deadline + 5)["state"]
        if state != "ready":
            raise NotConnected(f"the {client.name} client cannot connect to {address}", state)

    def call(self, path, *requests, deadline=None, metadata=None, open=False):
        """Starts a call; it runs beside others. An open one waits for more requests, until it is finished."""
        id = next(self.client.numbers)
        command = {"op": "call", "id": id, "conn": self.name, "path": path, "requests": requests}
        if deadline is not None:
            command["deadline"] = deadline
        if metadata is not None:
            command["metadata"] = metadata
        if open:
            command["open"] = True
        self.client.send(id, **command)
        return Call(self.client, id)

    def unary(self, path, request, timeout=10, **options):
        """One request, one reply, or RpcError."""
        replies = self.call(path, request, **options).replies(timeout)
        assert len(replies) == 1, f"{len(replies)} replies to a unary call"
        return replies[0]

    def stream(self, path, request, timeout=10, **options):
        """All replies to one request, or RpcError."""
        return self.call(path, request, **options).replies(timeout)

    def fails(self, path, request, timeout=10, **options):
        """The RpcError that a call ends with."""
        try:
            self.call(path, request, **options).replies(timeout)
        except RpcError as error:
            return error
        raise AssertionError("the call ended well")

    def close(self):
        if not self.closed and self.client.process.poll() is None:
            self.client.send(self.name, op="close", conn=self.name)
            self.client.receive(self.name, 5)
        self.closed = True


class Call:
    """A call under way. Each report is taken once, by whichever of these functions asks first."""

    def __init__(self, client, id):
        self.client = client
        self.id = id
        self.started = time.monotonic()
        self.headers = self.trailers = None  # by key, once it has ended

    def next(self, timeout=10):
        """The next reply, or None when there are no more (RpcError if the call failed)."""
        report = self.client.receive(self.id, timeout)
        if "reply" in report:
            return report["reply"]
        self.headers, self.trailers = (report["end"].get(what) or {} for what in ("headers", "trailers"))
        if report["end"]["code"] != OK:
            raise RpcError(report["end"]["code"], report["end"]["message"], decoded(report["end"]))
        return None

    def replies(self, timeout=10):
        """All replies still to come."""
        found = []
        while (reply := self.next(timeout)) is not None:
            found.append(reply)
        return found

    def end(self, timeout=10):
        """(code, message) that the call ends with; replies are passed over."""
        try:
            self.replies(timeout)
        except RpcError as error:
            return error.code, error.message
        return OK, ""

    def send(self, request):
        self.client.send(self.id, op="send", id=self.id, request=request)

    def finish(self):
        self.client.send(self.id, op="finish", id=self.id)

    def elapsed(self):
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def cancel(self):
        self.client.send(self.id, op="cancel", id=self.id)
