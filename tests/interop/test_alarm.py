"""Answers that an interrupt decides: the application `alarm`, whose handlers wait for a timer (on a board a piece
of hardware, on a host a signal). The device's clock is what counts; nothing here asks how fast it goes."""

import os
from pathlib import Path

import pytest

from clients import CANCELLED, INVALID_ARGUMENT, OK

RING = "/alarm.Alarm/Ring"
TICKS = "/alarm.Alarm/Ticks"
DEADLINE = 20  # seconds: a wake that is lost ends its call by this


def ring(connection, after_ms):
    return connection.unary(RING, {"after_ms": after_ms}, timeout=30, deadline=DEADLINE)


def cpu_seconds(server):
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_hundred_answers_lose_no_wake(alarm, connect):
    connection = connect(alarm)
    before = ring(connection, 1)["interrupts"]
    for n in range(100):
        after_ms = 1 + n % 10
        reply = ring(connection, after_ms)
        assert reply["waited_ms"] >= after_ms
        assert reply["interrupts"] > before, "answered without an interrupt"
        before = reply["interrupts"]


def test_a_tick_for_each_interrupt(alarm, connect):
    call = connect(alarm).call(TICKS, {"every_ms": 30, "count": 10}, deadline=DEADLINE)
    ticks = call.replies(30)
    assert [tick["number"] for tick in ticks] == list(range(1, 11))
    assert all(tick["waited_ms"] >= 30 * tick["number"] for tick in ticks)
    assert ticks[-1]["interrupts"] > ticks[0]["interrupts"]


@pytest.mark.clients("go")
@pytest.mark.parametrize("order", [(450, 300, 150), (150, 300, 450)], ids=["falling", "rising"])
def test_calls_share_the_timer(alarm, connect, order):
    """Each is answered in its time, and by an interrupt of its own."""
    connection = connect(alarm)
    calls = {ms: connection.call(RING, {"after_ms": ms}, deadline=DEADLINE) for ms in order}
    replies = {ms: call.replies(30)[0] for ms, call in calls.items()}
    assert all(reply["waited_ms"] >= ms for ms, reply in replies.items())
    assert replies[150]["interrupts"] < replies[300]["interrupts"] < replies[450]["interrupts"]


@pytest.mark.clients("node")
def test_streams_share_the_timer(alarm, connect):
    """At times that often fall together: no stream stands still because another has set the timer anew."""
    connection = connect(alarm)
    counts = {1: 400, 2: 200, 3: 130}
    calls = [
        connection.call(TICKS, {"every_ms": ms, "count": count}, deadline=DEADLINE)
        for ms, count in counts.items()
    ]
    for (ms, count), call in zip(counts.items(), calls):
        ticks = call.replies(30)
        assert [tick["number"] for tick in ticks] == list(range(1, count + 1))
        assert all(tick["waited_ms"] >= ms * tick["number"] for tick in ticks)


def test_clients_that_do_not_wait(alarm, connect):
    """More of them than calls at a time. Their interrupts come late and wake nobody; that nothing stays taken is
    what the server's last line says (test_ending.py)."""
    connection = connect(alarm)
    for n in range(20):
        call = connection.call(RING if n % 2 else TICKS, {"after_ms": 400} if n % 2 else {"every_ms": 400})
        ring(connection, 1)  # so that the one before has come in
        call.cancel()
        assert call.end()[0] == CANCELLED
    before = ring(connection, 1)["interrupts"]
    # after the last of them
    assert ring(connection, 600)["interrupts"] > before
    assert connection.call(TICKS, {"every_ms": 1, "count": 3}).end()[0] == OK


@pytest.mark.clients("python")
def test_the_cpu_sleeps_until_the_interrupt(alarm, connect):
    connection = connect(alarm)
    ring(connection, 1)
    before = cpu_seconds(alarm)
    assert ring(connection, 1500)["waited_ms"] >= 1500
    assert cpu_seconds(alarm) - before < 0.3, "a main loop that waits must leave the CPU alone"


@pytest.mark.clients("python")
def test_times_that_are_refused(alarm, connect):
    connection = connect(alarm)
    day = 24 * 3600 * 1000
    assert connection.fails(RING, {"after_ms": day + 1}).code == INVALID_ARGUMENT
    assert connection.fails(TICKS, {"every_ms": 0}).code == INVALID_ARGUMENT
    assert connection.fails(TICKS, {"every_ms": day + 1}).code == INVALID_ARGUMENT
    call = connection.call(RING, {"after_ms": day})
    ring(connection, 20)  # a time that the hardware cannot count stands in nobody's way
    call.cancel()
    assert call.end()[0] == CANCELLED
