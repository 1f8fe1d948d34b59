"""Certificates for the TLS tests, good ones and each kind of bad one, made by openssl in build/interop/certs. They
are made anew when they are a day old, and never leave that folder: no key is part of the repository.

Every name below is NAME.crt with NAME.key, in PEM. Those of clients have their name as common name, those of
servers are for localhost, 127.0.0.1 and ::1, and all are signed by `ca` unless it says otherwise."""

import ssl
import subprocess
import time
from pathlib import Path

from apps import BUILD
from prepare import Trouble, fingerprint

FOLDER = BUILD / "interop" / "certs"
AGE = 24 * 3600

SERVER = """subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
extendedKeyUsage = serverAuth"""
OTHER_HOST = """subjectAltName = DNS:elsewhere.example
extendedKeyUsage = serverAuth"""
CLIENT = """subjectAltName = DNS:client.example, URI:spiffe://example/client
extendedKeyUsage = clientAuth"""
PLAIN_CLIENT = "extendedKeyUsage = clientAuth"
AUTHORITY = """basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign"""

# name: (who signs, kind of key, extensions, first second and last second of its validity as openssl writes them)
EC, RSA = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
NOW = ("20200101000000Z", "20491231235959Z")
SIGNED = {
    "server": ("ca", EC, SERVER, NOW),
    "server-rsa": ("ca", RSA, SERVER, NOW),
    "server-elsewhere": ("ca", EC, OTHER_HOST, NOW),
    "server-expired": ("ca", EC, SERVER, ("20200101000000Z", "20210101000000Z")),
    "server-stranger": ("other-ca", EC, SERVER, NOW),
    "client": ("ca", EC, CLIENT, NOW),
    "client-rsa": ("ca", RSA, PLAIN_CLIENT, NOW),
    "client-expired": ("ca", EC, PLAIN_CLIENT, ("20200101000000Z", "20210101000000Z")),
    "client-early": ("ca", EC, PLAIN_CLIENT, ("20480101000000Z", "20491231235959Z")),
    "client-revoked": ("ca", EC, PLAIN_CLIENT, NOW),
    "client-stranger": ("other-ca", EC, PLAIN_CLIENT, NOW),
    "intermediate": ("ca", EC, AUTHORITY, NOW),
    "client-chain": ("intermediate", EC, PLAIN_CLIENT, NOW),  # client-chain.crt holds both certificates
    "client-of-rsa": ("rsa-ca", EC, PLAIN_CLIENT, NOW),
}
SELF_SIGNED = {
    "ca": (EC, AUTHORITY),
    "other-ca": (EC, AUTHORITY),
    "rsa-ca": (RSA, AUTHORITY),
    "client-self": (EC, PLAIN_CLIENT),
}

CONFIG = """
[ca]
default_ca = authority
[authority]
database = {folder}/{name}.index
new_certs_dir = {folder}
crlnumber = {folder}/{name}.crlnumber
certificate = {folder}/{name}.crt
private_key = {folder}/{name}.key
default_md = sha256
rand_serial = yes
unique_subject = no
email_in_dn = no
policy = policy
default_crl_days = 3650
[policy]
commonName = supplied
[req]
distinguished_name = names
prompt = no
[names]
commonName = {name}
"""


def path(name, suffix="crt"):
    return FOLDER / f"{name}.{suffix}"


def crl():
    """What `ca` has revoked: client-revoked."""
    return path("ca", "crl")


def openssl(*args):
    try:
        done = subprocess.run(
            ["openssl", *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise Trouble("the TLS tests need openssl: install the package openssl") from None
    if done.returncode != 0:
        raise Trouble(f"openssl {' '.join(map(str, args))} failed:\n{done.stderr}")


def config(name):
    found = path(name, "conf")
    found.write_text(CONFIG.format(folder=FOLDER, name=name))
    return found


def extensions(name, text):
    found = path(name, "ext")
    found.write_text(f"[extensions]\n{text}\n")
    return ["-extfile", found, "-extensions", "extensions"]


def new_key(name, kind):
    openssl("genpkey", "-algorithm", *kind, "-out", path(name, "key"))


def make_self_signed(name, kind, text):
    new_key(name, kind)
    conf = config(name)
    conf.write_text(conf.read_text() + f"[extensions]\n{text}\n")
    openssl(
        *("req", "-x509", "-config", conf, "-extensions", "extensions", "-days", "3650", "-sha256"),
        *("-key", path(name, "key"), "-out", path(name)),
    )
    path(name, "index").touch()


def make_signed(name, authority, kind, text, validity):
    new_key(name, kind)
    openssl("req", "-new", "-config", config(name), "-key", path(name, "key"), "-out", path(name, "csr"))
    first, last = validity
    openssl(
        *("ca", "-batch", "-notext", "-config", path(authority, "conf"), *extensions(name, text)),
        *("-startdate", first, "-enddate", last, "-in", path(name, "csr"), "-out", path(name)),
    )
    path(name, "index").touch()


def make():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, (kind, text) in SELF_SIGNED.items():
        make_self_signed(name, kind, text)
    for name, (authority, kind, text, validity) in SIGNED.items():
        make_signed(name, authority, kind, text, validity)
    path("ca", "crlnumber").write_text("01\n")
    path("client-chain").write_text(path("client-chain").read_text() + path("intermediate").read_text())
    openssl("ca", "-config", path("ca", "conf"), "-revoke", path("client-revoked"))
    openssl("ca", "-config", path("ca", "conf"), "-gencrl", "-out", crl())


def prepare():
    """Makes them, unless what is there is new enough and of this very file."""
    stamp, mark = FOLDER / "stamp", fingerprint([Path(__file__)])
    if stamp.exists() and stamp.read_text() == mark and time.time() - stamp.stat().st_mtime < AGE:
        return
    make()
    stamp.write_text(mark)


# ---- what a server and a client are told ----

# How the tests' servers are protected: not at all, by TLS, by mutual TLS.
KINDS = ["plaintext", "tls", "mtls"]


def server_options(secure, certificate="server", client_ca="ca", auth="required"):
    """The options of a server for one of KINDS."""
    if secure == "plaintext":
        return []
    options = ["--tls-cert", path(certificate), "--tls-key", path(certificate, "key")]
    if secure == "mtls":
        options += ["--client-ca", path(client_ca), "--client-auth", auth]
        options += ["--client-crl", crl()] if client_ca == "ca" else []
    return options


def client_options(secure, certificate="client", ca="ca", name=None):
    """The TLS part of a client's connect command (clients.py), None for plaintext. `name` is the server's in
    its certificate, where the address is not."""
    if secure == "plaintext":
        return None
    options = {"ca": str(path(ca))}
    if secure == "mtls" and certificate:
        options |= {"cert": str(path(certificate)), "key": str(path(certificate, "key"))}
    if name:
        options["name"] = name
    return options


def python_context(secure, version=ssl.TLSVersion.TLSv1_3):
    """For clients of Python's own ssl; None for plaintext."""
    if secure == "plaintext":
        return None
    found = ssl.create_default_context(cafile=path("ca"))
    found.set_alpn_protocols(["h2"])
    found.minimum_version = found.maximum_version = version
    if secure == "mtls":
        found.load_cert_chain(path("client"), path("client", "key"))
    return found


if __name__ == "__main__":
    prepare()
    print(FOLDER)
