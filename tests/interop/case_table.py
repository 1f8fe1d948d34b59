"""The table of gRPC's official interoperability cases: what came of each, by client and target.

A test of a case runs it through the fixture `cell`, and the case answers OK or RESOURCE_EXHAUSTED, where that is
what it must come to. The table is printed after the tests; a run that was asked for everything (-m matrix) keeps
it in REPORT, or in SECURE_REPORT if it was over TLS alone."""

import pytest

import targets
from apps import BUILD

REPORT = BUILD / "test" / "reports" / "interop-cases.md"
SECURE_REPORT = BUILD / "test" / "reports" / "interop-cases-tls.md"
CLIENTS = {"official": "grpc-go, official", "go": "grpc-go", "python": "grpcio", "node": "grpc-js"}

results = {}  # (case, client): {target: what came of it}, in the order of the tests


@pytest.fixture
def cell(record_property, target):
    """cell(case, client, play): the place in the table that the answer of play() is for."""

    def fill(case, client, play):
        record_property("case", case)
        record_property("client", client)
        record_property("target", target.label)
        record_property("result", play())

    return fill


def pytest_runtest_logreport(report):
    told = dict(report.user_properties)
    if report.when == "call" and "case" in told:
        row = results.setdefault((told["case"], told["client"]), {})
        row[told["target"]] = told["result"] if report.passed else "FAILED"


def markdown():
    seen = {target for row in results.values() for target in row}
    columns = [label for label in targets.LABELS if label in seen]
    cases = list(dict.fromkeys(case for case, _ in results))
    lines = [["case", "client", *columns]]
    for case, client in sorted(results, key=lambda key: (cases.index(key[0]), list(CLIENTS).index(key[1]))):
        row = results[case, client]
        lines.append([case, CLIENTS[client], *(row.get(target, "-") for target in columns)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    return "".join(
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |\n" for line in lines
    )


def pytest_terminal_summary(terminalreporter, config):
    if not results:
        return
    terminalreporter.write("\n" + markdown())
    labels = {label for row in results.values() for label in row}
    if "matrix" not in config.option.markexpr or not any(label.split("+")[0] in targets.OURS for label in labels):
        return
    report = SECURE_REPORT if all("+" in label for label in labels) else REPORT
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(markdown())
