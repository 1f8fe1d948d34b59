"""Images with TLS: what they refuse, what they say, how many clients they hold, how much stack is left. Clients in
earnest are in tests/interop."""
import re
import socket
import ssl
import subprocess
import time

import pytest

from board_image import ROOT, Image
from test_boot import PREFACE, expect_unused_stack, frame, hello, read_exactly, read_until

CERTS = ROOT / "build" / "certs"
SMALL, LARGE = ("lm3s6965evb", "greeter-tls-emulation"), ("mps2-an385", "users-mtls-emulation")
OLDER = ("lm3s6965evb", "greeter-tls1.2-emulation")
PING = bytes.fromhex("000008060000000000") + b"gramgram"
NOTICE = "gram: TLS: EMULATION ONLY: "


def context(own=None, app=""):
    made = ssl.create_default_context(cafile=CERTS / "ca.crt")
    made.set_alpn_protocols(["h2"])
    if app == OLDER[1]:
        made.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")  # what gRPC's C core offers, and no ChaCha20
    if own:
        made.load_cert_chain(CERTS / f"{own}.crt", CERTS / f"{own}.key")
    return made


def connect(image, tls, session=None):
    """A client that has its handshake behind it and the server's SETTINGS."""
    plain = socket.create_connection(("127.0.0.1", image.port), timeout=10)
    client = tls.wrap_socket(plain, server_hostname="localhost", session=session)
    client.sendall(PREFACE)
    header = read_exactly(client, 9)
    assert header[3] == 4, f"the first frame must be SETTINGS, this is {header.hex()}"
    return client


def say_hello(client, name):
    client.sendall(hello(name, scheme=b"\x87"))
    read_until(client, b"Hello " + name)


def ping(client):
    """Its answer, after what else the server had to send."""
    client.sendall(PING)
    read_until(client, b"gramgram")


def test_no_tls_without_entropy():
    """What is flashed on a board that has no source: one line that says what to do, and no server."""
    with Image("lm3s6965evb", app="greeter-tls") as image:
        image.wait_for(r"^gram: stopped: TLS does not start: this board has no entropy source \(board_entropy\(\).*\r$")
        time.sleep(0.5)
        assert "ready" not in image.log() and "EMULATION" not in image.log()


@pytest.mark.parametrize("board, app", [SMALL, LARGE])
def test_emulation_is_said_at_every_start(board, app):
    with Image(board, app=app) as image:
        image.wait_ready()
        lines = image.log().split("\r\n")
        assert lines[2].startswith(NOTICE) and "ready" in lines[3]


@pytest.mark.parametrize("board, app", [SMALL, OLDER])
def test_a_record_longer_than_the_buffer(board, app):
    """A client that sends 16 KB in a record, as it may before it has seen our SETTINGS: it is told, the next one is served."""
    with Image(board, app=app) as image:
        image.wait_ready()
        tls = context(app=app)
        with connect(image, tls) as client:
            client.sendall(frame(0xBE, 0, bytes(16384 - 9)))
            with pytest.raises(ssl.SSLError, match="RECORD_OVERFLOW"):
                while client.recv(4096):
                    pass
        image.wait_for(r": TLS: the client sends records longer than GRAM_TLS_IN\r$")
        with connect(image, tls) as client:
            say_hello(client, b"Bob")


@pytest.mark.parametrize("board, app, version", [(*SMALL, "TLSv1.3"), (*OLDER, "TLSv1.2")])
def test_calls_resumption_and_stack(board, app, version):
    with Image(board, app=app, debug=True) as image:
        image.wait_ready()
        tls = context(app=app)
        with connect(image, tls) as client:
            say_hello(client, b"Bob")
            session = client.session
            assert not client.session_reused and client.version() == version
        with connect(image, tls, session) as client:
            say_hello(client, b"Eve")
            assert client.session_reused
        time.sleep(0.2)
        expect_unused_stack(image)


@pytest.mark.parametrize("board, app, count", [(*SMALL, 2), (*OLDER, 2), (*LARGE, 4)])
def test_so_many_connections_at_once(board, app, count):
    with Image(board, app=app) as image:
        image.wait_ready()
        tls = context("client" if "mtls" in app else None, app)
        clients = [connect(image, tls) for _ in range(count)]
        for client in clients:  # no open connection was ended for a new one
            ping(client)
        for client in clients:
            client.close()


def test_mutual_tls_wants_a_certificate():
    with Image(LARGE[0], app=LARGE[1]) as image:
        image.wait_ready()
        with pytest.raises(ssl.SSLError, match="certificate required"):
            connect(image, context())


def test_plaintext_gets_no_answer():
    with Image(SMALL[0], app=SMALL[1]) as image:
        image.wait_ready()
        with socket.create_connection(("127.0.0.1", image.port), timeout=10) as client:
            client.sendall(PREFACE)
            assert client.recv(100)[:1] == b"\x15"  # an alert record


# ---- certificates that are compiled in ----


def credentials(tmp_path, *files):
    program = ROOT / "port" / "boards" / "tls" / "credentials.py"
    done = subprocess.run(["python3", program, tmp_path / "out.c", *files], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_credentials_are_for_their_owner(tmp_path):
    assert credentials(tmp_path, CERTS / "server.crt", CERTS / "server.key") == (0, "")
    assert (tmp_path / "out.c").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("files, words", [
    (["none.crt", "server.key"], "TLS_CERT=.*none.crt: No such file or directory .make certs"),
    (["server.key", "server.key"], "TLS_CERT=.*server.key: holds no CERTIFICATE"),
    (["server.crt", "server.crt"], "TLS_KEY=.*server.crt: holds no PRIVATE KEY"),
    (["server.crt", "locked.key"], "TLS_KEY=.*locked.key: is encrypted: decrypt it first"),
    (["server.crt", "server.key", "empty"], "CLIENT_CA=.*empty: holds no CERTIFICATE"),
])
def test_mistakes_in_files_are_told(tmp_path, files, words):
    # put together here, since whoever looks for keys in a repository looks for these lines
    (tmp_path / "locked.key").write_text("".join(f"-----{word} ENCRYPTED {'PRIVATE'} KEY-----\n" for word in ("BEGIN", "END")))
    (tmp_path / "empty").touch()
    found = [tmp_path / name if (tmp_path / name).exists() else CERTS / name for name in files]
    status, said = credentials(tmp_path, *found)
    assert status == 1 and said.count("\n") == 1
    assert re.search(words, said), said
