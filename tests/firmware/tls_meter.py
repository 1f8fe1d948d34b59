#!/usr/bin/env python3
"""What TLS costs on the Cortex-M3, counted: instructions of a handshake, a resumed one, a record; the longest call;
the arena. The images (`make bench-tls-images`) run in QEMU with a clock that counts instructions; the client is Python's, through
OpenSSL. What is far from the figures in docs/security.md fails: compilers differ a little, a second scalar multiplication is a factor."""
import re
import socket
import sys
import time

from board_image import ROOT, Image
from test_tls import connect, context, ping

INSTRUCTIONS_A_TICK = 20  # lm3s6965evb: 50 MHz, one instruction a nanosecond
PAGE = (ROOT / "docs" / "security.md").read_text()
FACTOR = 1.4
IMAGES = {
    "greeter-tls-emulation-meter": "TLS 1.3",
    "greeter-tls1.2-emulation-meter": "TLS 1.2",
    "greeter-mtls-emulation-meter": "TLS 1.3, mutual",
}
COLUMNS = ["handshake", "its longest step", "resumed", "its longest step", "a record each way"]
PINGS = 100


def talk(image, tls, session=None, pings=0):
    """One connection; its session, to come back with."""
    seen = image.log().count("meter connection")
    client = connect(image, tls, session)
    client.sendall(bytes.fromhex("000000040100000000"))
    for _ in range(pings + 1):
        ping(client)
    session = client.session
    client.close()
    end = time.monotonic() + 10
    while image.log().count("meter connection") == seen and time.monotonic() < end:
        time.sleep(0.02)
    return session


def measure(app):
    tls = context("client" if "mtls" in app else None)
    with Image("lm3s6965evb", app=app, more=("-icount", "shift=0")) as image:
        image.wait_ready(seconds=60)
        session = talk(image, tls)
        talk(image, tls, session)
        talk(image, tls)
        talk(image, tls, pings=PINGS)
        lines = re.findall(r"^meter (\w+)\|(\d+)\|(\d+)\|(\d+)\|(\d+)", image.log(), re.M)
    shakes = [list(map(int, rest)) for kind, *rest in lines if kind == "handshake"]
    conns = [list(map(int, rest)) for kind, *rest in lines if kind == "connection"]
    assert [shake[3] for shake in shakes] == [0, 1, 0, 0], f"{app}: the second handshake alone resumes, not {shakes}"
    n = INSTRUCTIONS_A_TICK
    whole, resumed = ([shake[0] * n, shake[1] * n] for shake in shakes[:2])
    ping = (conns[3][0] - conns[2][0]) * n // PINGS
    print(app)
    for what, counts, peak in (("handshake", whole, shakes[0][2]), ("resumed", resumed, shakes[1][2])):
        print(f"  {what:24}{counts[0]:12,} instructions, longest call {counts[1]:12,}, arena's peak {peak:,}")
    print(f"  a PING and its answer   {ping:12,} instructions; arena in use {conns[3][2]:,}")
    return [*whole, *resumed, ping]


def documented(title):
    """The row of docs/security.md, with the line below its table."""
    row = re.search(rf"^\| {re.escape(title)} \|(.*)\|$", PAGE.split("| millions of instructions |")[1], re.M)[1]
    ping = re.search(r"^A small record in and one out: ([\d,]+) instructions", PAGE, re.M)[1]
    return [*(float(cell.split()[0]) * 1e6 for cell in row.split("|")), int(ping.replace(",", ""))]


def main():
    far = 0
    for app, title in IMAGES.items():
        for what, count, said in zip(COLUMNS, measure(app), documented(title)):
            if not said / FACTOR < count < said * FACTOR:
                print(f"gram: {app}: {what}: {count:,} instructions, docs/security.md says {said:,.0f}: find out why, or mend the page")
                far += 1
    return far


if __name__ == "__main__":
    sys.exit(main() > 0)
