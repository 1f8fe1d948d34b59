"""The tables that the tests write themselves: what came of each case, by client and target, a section for each way
in which targets are protected.

    interop-cases  gRPC's official interoperability cases: OK or RESOURCE_EXHAUSTED, where that is what it must come to
    tls-clients    handshakes, how many of them resumed, and calls, by version of TLS (test_tls_clients.py)

A test fills its place through the fixture `cell`. The tables are printed after the tests; a run that was asked
for everything (-m matrix) keeps them in build/test/reports, where another run's sections stay as they are."""

import re

import pytest

import targets
from apps import BUILD

REPORTS = BUILD / "test" / "reports"
CLIENTS = {
    "official": "grpc-go, official",
    "grpcurl": "grpcurl",
    "go": "grpc-go",
    "python": "grpcio",
    "node": "grpc-js",
}
TITLES = {"plaintext": "In plaintext", "tls": "Over TLS", "mtls": "Over mutual TLS"}

results = {}  # table: {kind: {(case, client): {target: what came of it}}}, in the order of the tests


@pytest.fixture
def cell(request, target):
    """cell(case, client, play): the place in a table that the answer of play() is for."""

    def fill(case, client, play, table="interop-cases"):
        told = request.node.user_properties
        told.append(("cell", (table, target.secure, case, client, target.name)))
        told.append(("result", play()))

    return fill


def pytest_runtest_logreport(report):
    told = dict(report.user_properties)
    if report.when == "call" and "cell" in told:
        table, kind, case, client, target = told["cell"]
        row = results.setdefault(table, {}).setdefault(kind, {}).setdefault((case, client), {})
        row[target] = told["result"] if report.passed else "FAILED"


def markdown(rows):
    seen = {target for row in rows.values() for target in row}
    columns = [name for name in targets.NAMES if name in seen]
    cases = list(dict.fromkeys(case for case, _ in rows))
    lines = [["case", "client", *columns]]
    for case, client in sorted(rows, key=lambda key: (cases.index(key[0]), list(CLIENTS).index(key[1]))):
        row = rows[case, client]
        lines.append([case, CLIENTS[client], *(row.get(target, "-") for target in columns)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    return "".join(
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |\n" for line in lines
    )


def keep(table, sections):
    """Writes the sections {title: text} of a table, beside those of other runs."""
    report = REPORTS / f"{table}.md"
    old = report.read_text() if report.exists() else ""
    sections = dict(re.findall(r"^## (.*)\n\n((?:\|.*\n)+)", old, re.M)) | sections
    REPORTS.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(f"## {t}\n\n{sections[t]}" for t in TITLES.values() if t in sections))


def pytest_terminal_summary(terminalreporter, config):
    for table, kinds in results.items():
        sections = {TITLES[kind]: markdown(rows) for kind, rows in kinds.items()}
        for title, text in sections.items():
            terminalreporter.write(f"\n{table}: {title}\n{text}")
        ours = any(set(row) & set(targets.OURS) for rows in kinds.values() for row in rows.values())
        if ours and config.option.markexpr.startswith("matrix"):
            keep(table, sections)
