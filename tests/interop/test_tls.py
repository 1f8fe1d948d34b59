"""The TLS handshake from a client's side, with openssl in all its ways and with the real clients: versions, ciphers,
groups, ALPN, resumption, certificates of both sides. Clients that mean harm: test_tls_hostile.py."""

import subprocess

import pytest

import certs
import s_client
from apps import BUILD
from clients import OK
from s_client import VERSIONS, SClient, shake_hands
from targets import OURS, free_port

GREET = "/greet.Greeter/SayHello"
pytestmark = [pytest.mark.kinds("tls"), pytest.mark.targets("sim", "posix", "reference")]

BOTH_VERSIONS = [name for name in OURS if name != "lm3s6965evb"]
CIPHERS_1_3 = ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]
CIPHERS_1_2 = ["CHACHA20-POLY1305", "AES128-GCM-SHA256", "AES256-GCM-SHA384"]
# What is offered, and how s_client calls what comes of it. P-256 is in the certificate and may not be missing
# in TLS 1.2 (RFC 8422 5.1).
GROUPS = {"X25519:P-256": "X25519", "P-256": "prime256v1"}


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


def refused(client, *alerts):
    assert not client.served, client.text
    assert client.fatal in alerts, client.text


# ---- versions, ciphers, groups ----


def test_versions(greeter, version):
    client = shake_hands(greeter, VERSIONS[version])
    assert client.served, client.text
    assert client.version == "TLSv" + version
    assert "ALPN protocol: h2" in client.text


def test_tls_1_1_is_refused(greeter):
    client = shake_hands(greeter, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    refused(client, s_client.PROTOCOL_VERSION)


@pytest.mark.parametrize("cipher", CIPHERS_1_3)
def test_ciphers_of_1_3(greeter, cipher):
    client = shake_hands(greeter, "-tls1_3", "-ciphersuites", cipher)
    assert (client.served, client.cipher) == (True, cipher), client.text


@pytest.mark.parametrize("certificate", ["server", "server-rsa"])
@pytest.mark.parametrize("cipher", CIPHERS_1_2)
def test_ciphers_of_1_2(fresh, cipher, certificate):
    server = fresh("greeter", *certs.server_options("tls", certificate))
    cipher = f"ECDHE-{'RSA' if certificate == 'server-rsa' else 'ECDSA'}-{cipher}"
    client = shake_hands(server, "-tls1_2", "-cipher", cipher)
    assert (client.served, client.cipher) == (True, cipher), client.text
    server.end_well()


@pytest.mark.targets(*BOTH_VERSIONS)
@pytest.mark.parametrize(
    "options",
    [
        ["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
        ["-tls1_2", "-cipher", "AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256"],
        ["-tls1_2", "-cipher", "NULL:aNULL:@SECLEVEL=0"],
    ],
    ids=["CCM", "CBC", "no ECDHE", "none"],
)
def test_other_ciphers_are_refused(greeter, options):
    refused(shake_hands(greeter, *options), s_client.HANDSHAKE_FAILURE)


@pytest.mark.targets("sim", "posix")
@pytest.mark.parametrize(
    "options",
    [
        ["-tls1_3", "-ciphersuites", ":".join(reversed(CIPHERS_1_3))],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"],
    ],
    ids=["1.3", "1.2"],
)
def test_the_server_chooses_the_cipher(greeter, options):
    """A core without AES hardware is faster with the other, whatever the client likes better."""
    client = shake_hands(greeter, *options)
    assert client.served and "CHACHA20" in client.cipher, client.text


@pytest.mark.parametrize("group", GROUPS)
def test_groups(greeter, version, group):
    client = shake_hands(greeter, VERSIONS[version], "-groups", group)
    assert (client.served, client.group) == (True, GROUPS[group]), client.text


@pytest.mark.targets("sim", "posix")
def test_a_key_share_that_is_not_known(greeter):
    """HelloRetryRequest: the client has sent a share of its favourite group, and is asked for another."""
    client = shake_hands(greeter, "-tls1_3", "-groups", "P-384:X25519")
    assert (client.served, client.group) == (True, "X25519"), client.text
    assert client.text.count(">>> TLS 1.3, Handshake [length") >= 2, client.text


@pytest.mark.targets("sim", "posix")
def test_other_groups_are_refused(greeter, version):
    refused(shake_hands(greeter, VERSIONS[version], "-groups", "P-521"), s_client.HANDSHAKE_FAILURE)


@pytest.mark.clients("go")
def test_post_quantum_hello(greeter, connect, relay):
    """Go's, of 1.5 KB, with a key share of X25519MLKEM768 (0x11ec) beside one that is known here."""
    seen = relay(greeter)
    assert connect(greeter, seen.address).unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}
    hello = bytes(seen.first[0])
    assert hello[0] == 22 and len(hello) > 1400 and b"\x11\xec" in hello


# ---- ALPN, renegotiation, the end ----


@pytest.mark.targets("lm3s6965evb")
def test_one_version_only(greeter):
    """The smallest board has TLS 1.3 alone, with one cipher."""
    refused(shake_hands(greeter, "-tls1_2"), s_client.PROTOCOL_VERSION)
    refused(shake_hands(greeter, "-tls1_3", "-ciphersuites", CIPHERS_1_3[1]), s_client.HANDSHAKE_FAILURE)
    client = shake_hands(greeter, "-tls1_3")
    assert client.served and client.cipher == CIPHERS_1_3[0], client.text
    refused(shake_hands(greeter, "-tls1_3", alpn=None), s_client.NO_APPLICATION_PROTOCOL)


@pytest.mark.targets(*BOTH_VERSIONS)
def test_a_client_must_offer_h2(greeter, version):
    refused(shake_hands(greeter, VERSIONS[version], alpn=None), s_client.NO_APPLICATION_PROTOCOL)


def test_other_protocols_are_refused(greeter, version):
    client = shake_hands(greeter, VERSIONS[version], alpn="spdy/3,grpc-exp")
    refused(client, s_client.NO_APPLICATION_PROTOCOL)


def test_h2_among_others(greeter, version):
    client = shake_hands(greeter, VERSIONS[version], alpn="http/1.1,h2")
    assert client.served and "ALPN protocol: h2" in client.text, client.text


def test_no_renegotiation(greeter):
    client = SClient(greeter, "-tls1_2")
    client.say(s_client.HELLO)
    client.wait(lambda: client.served)
    hellos = client.text.count(", ServerHello\n")
    assert client.served and hellos == 1, client.text
    client.say(b"R\n")
    client.wait(lambda: client.alerts or b"RENEGOTIATING" in client.output and b":error:" in client.output)
    client.finish()
    assert "RENEGOTIATING" in client.text
    assert client.text.count(", ServerHello\n") == hellos, client.text
    assert client.alerts, client.text


@pytest.mark.targets("sim", "posix")
def test_the_last_word_is_close_notify(greeter, version):
    """A PING on a stream is an error of the connection: GOAWAY, and then the end."""
    before = len(greeter.output)
    client = SClient(greeter, VERSIONS[version])
    client.say(s_client.HELLO + b"\0\0\x08\x06\0\0\0\0\x01" + bytes(8))
    client.wait(lambda: False)
    client.finish()
    assert b"\x07\0\0\0\0\0" in client.output, client.text  # the head of GOAWAY
    assert client.alerts == [(False, s_client.CLOSE_NOTIFY)], client.text
    assert not any("without close_notify" in line for line in greeter.output[before:])


@pytest.mark.targets("sim", "posix")
def test_truncation_is_noticed(greeter):
    before = len(greeter.output)
    client = SClient(greeter, "-tls1_3")
    client.say(s_client.HELLO)
    client.wait(lambda: client.served)
    client.process.kill()
    client.finish()
    greeter.wait_for_line("without close_notify", since=before)


# ---- resumption ----


def test_resumption(fresh, version, tmp_path):
    server, session = fresh("greeter"), tmp_path / "session"
    option = VERSIONS[version]
    first = shake_hands(server, option, "-sess_out", session, until=session.exists)
    assert first.served and not first.reused
    # a ticket may serve more than once
    for _ in range(2):
        again = shake_hands(server, option, "-sess_in", session)
        assert again.served and again.reused, again.text
        assert again.version == "TLSv" + version
    # without ALPN there is no way in, ticket or not
    if server.name != "reference+tls greeter":
        refused(shake_hands(server, option, "-sess_in", session, alpn=None), s_client.NO_APPLICATION_PROTOCOL)
    server.end_well()


def test_a_ticket_of_another_server(fresh, version, tmp_path):
    """Keys of tickets live in RAM: after a restart there is a whole handshake, and no error."""
    one, other, session = fresh("greeter"), fresh("greeter"), tmp_path / "session"
    option = VERSIONS[version]
    assert shake_hands(one, option, "-sess_out", session, until=session.exists).served
    client = shake_hands(other, option, "-sess_in", session)
    assert client.served and not client.reused, client.text
    one.end_well()
    other.end_well()


# ---- certificates ----

# Alerts for a client's certificate, of ours and of grpc-go's server, which is less precise.
BAD_CLIENTS = {
    None: {s_client.CERTIFICATE_REQUIRED, s_client.HANDSHAKE_FAILURE},
    "client-expired": {s_client.CERTIFICATE_EXPIRED},
    "client-early": {s_client.CERTIFICATE_EXPIRED},
    "client-stranger": {s_client.UNKNOWN_CA},
    "client-self": {s_client.UNKNOWN_CA},
    "client-revoked": {s_client.CERTIFICATE_REVOKED},
    "server": {s_client.BAD_CERTIFICATE, s_client.UNSUPPORTED_CERTIFICATE},  # good, but not for clients
}
GOOD_CLIENTS = ["client", "client-rsa", "client-chain"]


def bad(client, target, *alerts):
    assert not client.served and client.fatal is not None, client.text
    assert target.name == "reference" or client.fatal in alerts, client.text


@pytest.mark.kinds("mtls")
@pytest.mark.parametrize("certificate", BAD_CLIENTS)
def test_bad_clients_are_refused(greeter, target, version, certificate):
    client = shake_hands(greeter, VERSIONS[version], certificate=certificate)
    bad(client, target, *BAD_CLIENTS[certificate])


@pytest.mark.kinds("mtls")
def test_the_alert_for_no_certificate(greeter, target, version):
    """RFC 8446 6.2 and RFC 5246 7.4.6 differ."""
    alert = {"1.3": s_client.CERTIFICATE_REQUIRED, "1.2": s_client.HANDSHAKE_FAILURE}[version]
    bad(shake_hands(greeter, VERSIONS[version]), target, alert)


@pytest.mark.kinds("mtls")
@pytest.mark.parametrize("certificate", GOOD_CLIENTS)
def test_good_clients(greeter, version, certificate):
    client = shake_hands(greeter, VERSIONS[version], certificate=certificate)
    assert client.served, client.text


@pytest.mark.kinds("mtls")
@pytest.mark.parametrize("certificate", ["client", "client-chain"])
def test_a_client_certificate_in_pieces(greeter, version, certificate):
    """Handshake messages over several records."""
    client = shake_hands(greeter, VERSIONS[version], "-max_send_frag", "512", certificate=certificate)
    assert client.served, client.text


@pytest.mark.kinds("mtls")
def test_resumption_under_mutual_tls(greeter, version, tmp_path):
    session, option = tmp_path / "session", VERSIONS[version]
    assert shake_hands(greeter, option, "-sess_out", session, until=session.exists, certificate="client").served
    again = shake_hands(greeter, option, "-sess_in", session, certificate="client")
    assert again.served and again.reused, again.text


@pytest.mark.kinds("mtls")
def test_a_pinned_client(fresh, version):
    """A self-signed certificate, given as the only one that is good."""
    server = fresh("greeter", *certs.server_options("mtls", client_ca="client-self"))
    assert shake_hands(server, VERSIONS[version], certificate="client-self").served
    refused(shake_hands(server, VERSIONS[version], certificate="client"), s_client.UNKNOWN_CA)
    server.end_well()


@pytest.mark.kinds("mtls")
def test_optional_client_certificates(fresh, target, version):
    server = fresh("greeter", *certs.server_options("mtls", auth="optional"))
    for certificate in (None, *GOOD_CLIENTS):
        assert shake_hands(server, VERSIONS[version], certificate=certificate).served, certificate
    for certificate, alerts in BAD_CLIENTS.items():
        if certificate:
            bad(shake_hands(server, VERSIONS[version], certificate=certificate), target, *alerts)
    server.end_well()


@pytest.mark.kinds("mtls")
@pytest.mark.parametrize("certificate", [None, "client-stranger", "client-revoked"])
def test_bad_clients_of_each_kind(greeter, target, client_programs, client_name, certificate):
    program = client_programs.start(client_name, greeter.app)
    before = len(greeter.output)
    program.cannot_connect(greeter.address, certs.client_options("mtls", certificate))
    if target.says_how_it_refuses:
        greeter.wait_for_line("the client is refused", since=before)
    connection = program.connect(greeter.address, certs.client_options("mtls"))
    assert connection.unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}
    connection.close()


@pytest.mark.parametrize("certificate", ["server", "server-rsa"])
def test_every_client_with_each_kind_of_key(fresh, connect, certificate):
    server = fresh("greeter", *certs.server_options("mtls", certificate))
    tls = certs.client_options("mtls", "client-rsa")
    assert connect(server, tls=tls).unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}


@pytest.mark.targets("sim", "posix")
@pytest.mark.kinds("tls")
def test_rsa_key_outlives_its_connections(fresh, version):
    """What RSA keeps beside the key is made in the first handshake and used in the next ones."""
    server = fresh("greeter", *certs.server_options("tls", "server-rsa"))
    for _ in range(3):
        client = shake_hands(server, VERSIONS[version])
        assert client.served, client.text
    server.end_well()


def check_rsa_authority(server):
    """Three clients of `rsa-ca`, one after the other, by each version."""
    for version in VERSIONS.values():
        for _ in range(3):
            client = shake_hands(server, version, certificate="client-of-rsa")
            assert client.served, client.text
        refused(shake_hands(server, version, certificate="client"), s_client.UNKNOWN_CA)


@pytest.mark.targets("sim", "posix")
@pytest.mark.kinds("mtls")
@pytest.mark.parametrize("certificate", ["server", "server-rsa"])
def test_rsa_authority_outlives_its_clients(fresh, certificate):
    """What RSA keeps beside the key is made when it first verifies."""
    server = fresh("greeter", *certs.server_options("mtls", certificate, client_ca="rsa-ca"))
    check_rsa_authority(server)
    server.end_well()


@pytest.mark.matrix
@pytest.mark.targets("mps2-an385")
@pytest.mark.kinds("mtls")
def test_rsa_authority_on_a_board(fresh):
    check_rsa_authority(fresh("greeter", *certs.server_options("mtls", "server-rsa", client_ca="rsa-ca")))


@pytest.mark.parametrize("certificate", ["server-elsewhere", "server-expired", "server-stranger"])
def test_clients_refuse_bad_servers(fresh, target, client_programs, client_name, certificate):
    """Ours to bear: the client ends the handshake, and nothing is left."""
    server = fresh("greeter", *certs.server_options("tls", certificate))
    program = client_programs.start(client_name, server.app)
    for deadline in 1, 5, 20:  # one that has only begun may not have come so far in a second
        program.cannot_connect(server.address, certs.client_options("tls"), deadline)
        if not target.says_how_it_refuses or "TLS: the client" in server.text():
            break
    else:
        server.wait_for_line("TLS: the client")  # not all of them send an alert
    program.stop()  # it would try again and again
    server.end_well()


def test_a_server_of_another_name(fresh, connect):
    server = fresh("greeter", *certs.server_options("tls", "server-elsewhere"))
    tls = certs.client_options("tls", name="elsewhere.example")
    assert connect(server, tls=tls).call(GREET, {"name": "gram"}).end()[0] == OK


# ---- what the programs say ----

PAIR = ["--tls-cert", "server.crt", "--tls-key", "server.key"]
# Options, and what the line says.
MISTAKES = {
    "key of another": (["--tls-cert", "server.crt", "--tls-key", "client.key"], "does not belong"),
    "no key": (["--tls-cert", "server.crt"], "--tls-key"),
    "no certificate": (["--tls-key", "server.key"], "--tls-cert"),
    "no file": (["--tls-cert", "nosuch.crt", "--tls-key", "server.key"], "nosuch.crt: No such file"),
    "swapped": (["--tls-cert", "server.key", "--tls-key", "server.crt"], "holds no CERTIFICATE"),
    "no PEM": (["--tls-cert", "server.ext", "--tls-key", "server.key"], "cannot be read"),
    "CA alone": (["--client-ca", "ca.crt"], "--tls-cert"),
    "no CA": ([*PAIR, "--client-auth", "required"], "--client-ca"),
    "CA is no certificate": ([*PAIR, "--client-ca", "ca.key"], "ca.key: holds no CERTIFICATE"),
    "list is none": ([*PAIR, "--client-ca", "ca.crt", "--client-crl", "ca.crt"], "ca.crt: holds no CRL"),
    "no such choice": ([*PAIR, "--client-ca", "ca.crt", "--client-auth", "maybe"], "required and optional"),
    "value missing": (["--tls-cert"], "missing"),
}


@pytest.mark.targets("sim", "posix")
@pytest.mark.parametrize("options, words", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_in_one_line(target, greeter, options, words):
    done = subprocess.run(
        [BUILD / target.name / "greeter", "--port", str(free_port(target.ports)), *options],
        cwd=certs.FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=20,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and len(lines) == 1 and lines[0].startswith("gram: "), done.stdout
    assert words in lines[0]
