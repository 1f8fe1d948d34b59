#!/usr/bin/env python3
"""What TLS costs on the Cortex-M3, counted: instructions of a handshake, a resumed one, a record; the longest call;
the arena. The image runs in QEMU with a clock that counts instructions; the client is Python's, through OpenSSL.

    tls_meter.py [IMAGE...]     such as greeter-tls-emulation-meter; `make bench-tls` builds them"""
import re
import socket
import sys
import time

from board_image import Image
from test_tls import context, connect

INSTRUCTIONS_A_TICK = 20  # lm3s6965evb: 50 MHz, one instruction a nanosecond
PINGS = 100
PING = bytes.fromhex("000008060000000000") + b"gramgram"


def talk(image, tls, session=None, pings=0):
    """One connection; its session, to come back with."""
    seen = image.log().count("meter connection")
    client = connect(image, tls, session)
    client.sendall(bytes.fromhex("000000040100000000"))
    for _ in range(pings + 1):
        client.sendall(PING)
        while b"gramgram" not in client.recv(4096):
            pass
    session = client.session
    client.close()
    end = time.monotonic() + 10
    while image.log().count("meter connection") == seen and time.monotonic() < end:
        time.sleep(0.02)
    return session


def measure(app):
    tls = context("client" if "mtls" in app else None)
    with Image("lm3s6965evb", app=app, more=("-icount", "shift=0")) as image:
        image.wait_for(r"ready on localhost:50051 .*\n", seconds=60)
        session = talk(image, tls)
        talk(image, tls, session)
        talk(image, tls)
        talk(image, tls, pings=PINGS)
        lines = re.findall(r"^meter (\w+)\|(\d+)\|(\d+)\|(\d+)\|(\d+)", image.log(), re.M)
    shakes = [list(map(int, rest)) for kind, *rest in lines if kind == "handshake"]
    conns = [list(map(int, rest)) for kind, *rest in lines if kind == "connection"]
    n = INSTRUCTIONS_A_TICK
    print(f"{app}")
    for what, shake in (("handshake", shakes[0]), ("resumed" if shakes[1][3] else "NOT resumed", shakes[1])):
        print(f"  {what:24}{shake[0] * n:12,} instructions, longest call {shake[1] * n:12,}, arena's peak {shake[2]:,}")
    print(f"  a PING and its answer   {(conns[3][0] - conns[2][0]) * n // PINGS:12,} instructions; arena in use {conns[3][2]:,}")


if __name__ == "__main__":
    for app in sys.argv[1:] or ["greeter-tls-emulation-meter", "greeter-tls1.2-emulation-meter", "greeter-mtls-emulation-meter"]:
        measure(app)
