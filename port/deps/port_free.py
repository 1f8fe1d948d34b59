#!/usr/bin/env python3
"""Says so in one line, and exits 1, if a local TCP port is taken."""

import errno
import socket
import sys

port = int(sys.argv[1])
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError as error:
        why = (
            "is in use: stop what uses it"
            if error.errno == errno.EADDRINUSE
            else f"cannot be used ({error.strerror})"
        )
        sys.exit(f"gram: port {port} {why}, or choose another with PORT={port % 65535 + 1}")
