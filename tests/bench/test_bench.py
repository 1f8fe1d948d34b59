"""The benchmark itself: it runs, counts the same in every run, and what it says adds up. Budgets are not
asked for here."""

import os

import pytest

import bench


@pytest.fixture(scope="module", autouse=True)
def at_the_root():
    before = os.getcwd()
    os.chdir(bench.ROOT)
    yield
    os.chdir(before)


@pytest.fixture(scope="module")
def cases():
    return bench.count()


@pytest.fixture(scope="module")
def traces():
    return bench.trace()


def test_counts_repeat_exactly(cases):
    assert cases == bench.count()


def test_every_row_counts_something(cases, traces):
    rows = bench.table(cases, traces)
    assert len(rows) == len(bench.ROWS)
    for row, parts in rows:
        assert parts["core"] > 0, row.title
        # a difference of two cases may be off by a tick a step in 1,000
        assert all(n >= -1 for n in parts.values()), (row.title, parts)
        if row.budget:
            # more than any way without work could, less than the first call of a connection
            assert 300 < parts["core"] < 10000, row.title


def test_a_call_with_more_work_counts_more(cases):
    for less, more in (
        ("unary-empty", "unary"),
        ("unary", "unary-h2load"),
        ("unary", "unary-log"),
        ("unary", "unary-poll"),
        ("unary", "unary-beside"),
        ("connect", "connect-go"),
        ("stream-1", "stream-11"),
    ):
        assert cases[less].ticks < cases[more].ticks, (less, more)


@pytest.mark.parametrize("name", ["unary", "unary-h2load", "connect-go", "stream-woken", "reflection"])
def test_trace_and_count_agree(cases, traces, name):
    case, traced = cases[name], traces[name]
    counted = case.ticks * bench.INSTRUCTIONS_A_TICK / case.steps
    assert sum(traced.by_owner.values()) / traced.steps == pytest.approx(counted, rel=0.01)


def test_handler_runs_once_a_call(traces):
    traced = traces["unary"]
    assert traced.calls["app", "greet_Greeter_SayHello_dispatch"] == 2 * traced.steps  # OPEN and CLOSED
