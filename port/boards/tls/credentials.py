#!/usr/bin/env python3
"""Writes the C source with the certificate and key of an image, from files in PEM or DER.

    credentials.py OUT.c CERTIFICATE KEY [CLIENT_CA]

CERTIFICATE may hold a chain, the server's own first; CLIENT_CA several, all of which may sign clients'
certificates. OUT.c holds the key: it is for build/, and for its owner's eyes."""

import base64
import binascii
import os
import re
import sys
from pathlib import Path

BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.S)


def mistake(name, path, problem):
    sys.exit(f"gram: {name}={path}: {problem}")


def read(name, path, label):
    """The DER of all blocks whose label ends with `label`, or of the file, if it is no PEM."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        mistake(name, path, f"{error.strerror} (make certs makes a pair in build/certs)")
    if b"ENCRYPTED" in data:
        mistake(name, path, "is encrypted: decrypt it first (openssl pkey -in FILE -out NEW)")
    if b"-----BEGIN " in data:
        found = [body for kind, body in BLOCK.findall(data) if kind.endswith(label.encode())]
        try:
            data = b"".join(base64.b64decode(b"".join(body.split()), validate=True) for body in found)
        except binascii.Error:
            mistake(name, path, "is damaged: a PEM block of it is not base64")
    if data[:1] != b"\x30":  # an ASN.1 sequence, which all of them are
        mistake(name, path, f"holds no {label}")
    return data


def array(name, data):
    lines = [", ".join(str(byte) for byte in data[i : i + 24]) for i in range(0, len(data), 24)]
    return f"static const uint8_t {name}[] = {{\n    " + ",\n    ".join(lines) + ",\n};\n"


def main():
    out, *paths = sys.argv[1:]
    parts = [
        ("certificate", "TLS_CERT", "CERTIFICATE"),
        ("key", "TLS_KEY", "PRIVATE KEY"),
        ("client_ca", "CLIENT_CA", "CERTIFICATE"),
    ][: len(paths)]
    text = '/* Made by credentials.py. Holds a key. */\n#include "board_tls.h"\n\n'
    for (field, name, label), path in zip(parts, paths):
        text += array(field, read(name, path, label))
    fields = "".join(f"    .{field} = {field}, .{field}_len = sizeof {field},\n" for field, _, _ in parts)
    text += "\nconst struct gram_tls_credentials board_tls_credentials = {\n"
    text += fields + "    .lasting = true, /* in flash */\n};\n"
    os.umask(0o077)
    Path(out).write_text(text)


if __name__ == "__main__":
    main()
