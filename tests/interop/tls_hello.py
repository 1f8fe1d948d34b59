"""What a server's first bytes say of a handshake: its version, and whether an earlier session went on.

TLS 1.3 says both in its ServerHello (RFC 8446 4.1.3). TLS 1.2 shows no certificate when it resumes: its own
ChangeCipherSpec comes without one (RFC 5246 7.3)."""

from collections import namedtuple

Hello = namedtuple("Hello", "version resumed")

CHANGE_CIPHER_SPEC, HANDSHAKE = 20, 22  # types of records
SERVER_HELLO, CERTIFICATE = 2, 11  # of messages
PRE_SHARED_KEY, SUPPORTED_VERSIONS = 41, 43  # of extensions


def number(data, at, size):
    return int.from_bytes(data[at : at + size], "big")


def messages(data):
    """(type, content) of the handshake's messages in clear, until the ChangeCipherSpec; all in whole records."""
    pending = b""
    while len(data) >= 5 and data[0] == HANDSHAKE:
        end = 5 + number(data, 3, 2)
        pending, data = pending + data[5:end], data[end:]
        while len(pending) >= 4 and len(pending) >= (end := 4 + number(pending, 1, 3)):
            yield pending[0], pending[4:end]
            pending = pending[end:]
    assert not data or data[0] == CHANGE_CIPHER_SPEC or pending, f"an alert, not a handshake: {data[:8].hex()}"


def extensions(hello):
    at = 35 + hello[34]  # version, random, session
    at += 2 + 1 + 2  # cipher, compression, the length of what follows
    while at < len(hello):
        size = number(hello, at + 2, 2)
        yield number(hello, at, 2), hello[at + 4 : at + 4 + size]
        at += 4 + size


def read(answer):
    found = list(messages(bytes(answer)))
    assert found and found[0][0] == SERVER_HELLO, f"no ServerHello: {bytes(answer[:16]).hex()}"
    known = dict(extensions(found[0][1]))
    if known.get(SUPPORTED_VERSIONS) == b"\x03\x04":
        return Hello("1.3", PRE_SHARED_KEY in known)
    return Hello("1.2", CERTIFICATE not in [kind for kind, _ in found])
