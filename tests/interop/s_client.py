"""openssl s_client, which can be told to shake hands in any way, and what came of it.

It says the HTTP/2 preface and SETTINGS; a server that has taken the client in answers with its own SETTINGS. Until
they, or the end of the connection, have come s_client is kept waiting; then it says close_notify."""

import re
import subprocess
import threading
import time

import certs
import tap
from h2raw import frame

HELLO = tap.PREFACE + frame(tap.SETTINGS, 0, 0)
SETTINGS = re.compile(rb"\0\0.\x04\0\0\0\0\0", re.DOTALL)

# Alerts that the tests look for (RFC 8446 6, RFC 5246 7.2, RFC 7301 3.2).
CLOSE_NOTIFY, UNEXPECTED_MESSAGE, BAD_RECORD_MAC, RECORD_OVERFLOW, HANDSHAKE_FAILURE = 0, 10, 20, 22, 40
BAD_CERTIFICATE, UNSUPPORTED_CERTIFICATE = 42, 43
CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED, UNKNOWN_CA, DECODE_ERROR, PROTOCOL_VERSION = 44, 45, 48, 50, 70
NO_RENEGOTIATION, CERTIFICATE_REQUIRED, NO_APPLICATION_PROTOCOL = 100, 116, 120

VERSIONS = {"1.2": "-tls1_2", "1.3": "-tls1_3"}


class SClient:
    """One run. `output` grows while it lasts; finish() ends it."""

    def __init__(self, server, *options, alpn="h2", certificate=None, ca="ca"):
        command = ["openssl", "s_client", "-connect", server.address, "-servername", "localhost", "-msg"]
        command += ["-CAfile", certs.path(ca), "-verify_return_error"]
        command += ["-alpn", alpn] if alpn else []
        if certificate:
            command += ["-cert", certs.path(certificate), "-key", certs.path(certificate, "key")]
            command += ["-cert_chain", certs.path(certificate)] if certificate == "client-chain" else []
        self.output = b""
        self.process = subprocess.Popen(
            [*map(str, command), *map(str, options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := self.process.stdout.read1():
            self.output += data

    def say(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended

    def wait(self, condition, seconds=10):
        """Until condition() holds or s_client has ended."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and not condition():
            assert time.monotonic() < deadline, "s_client waits still:\n" + self.text
            time.sleep(0.01)

    def finish(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()

    @property
    def text(self):
        return self.output.decode(errors="replace")

    @property
    def served(self):
        return SETTINGS.search(self.output) is not None

    @property
    def alerts(self):
        """Of the server: [(fatal, description)]."""
        found = re.findall(r"<<< [^\n]*Alert[^\n]*\n +(\w\w) (\w\w)", self.text)
        return [(int(level, 16) == 2, int(description, 16)) for level, description in found]

    @property
    def fatal(self):
        """The fatal alert of the server, None without."""
        return next((description for fatal, description in self.alerts if fatal), None)

    @property
    def record_lengths(self):
        """Of the server's records, in bytes behind their heads."""
        found = re.findall(r"<<< [^\n]*RecordHeader[^\n]*\n +\w\w \w\w \w\w (\w\w) (\w\w)", self.text)
        return [int(high + low, 16) for high, low in found]

    def first(self, pattern):
        found = re.search(pattern, self.text)
        return found.group(1) if found else None

    @property
    def version(self):
        return self.first(r"(?:New|Reused), (TLSv[\d.]+)")

    @property
    def cipher(self):
        return self.first(r"(?:New|Reused), TLSv[\d.]+, Cipher is (\S+)")

    @property
    def group(self):
        return self.first(r"Server Temp Key: (?:ECDH, )?([\w-]+)")

    @property
    def reused(self):
        return re.search(r"^Reused,", self.text, re.MULTILINE) is not None


def shake_hands(server, *options, until=None, **more):
    """A whole run: an SClient that has ended, served or not. `until` is waited for besides."""
    client = SClient(server, *options, **more)
    client.say(HELLO)
    client.wait(lambda: client.served and (until is None or until()))
    client.finish()
    return client
