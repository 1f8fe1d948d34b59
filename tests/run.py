#!/usr/bin/env python3
"""Runs the test suites, each with a ceiling of seconds, and says at the end what came of them.

    run.py                     every suite
    run.py --quick             unit, vectors, pair, model
    run.py --matrix            what takes long, instead
    run.py --only PREFIX       the suites whose name begins so
    run.py --seconds N         for each fuzzer

A suite first builds what it needs (through make), which is not counted in its seconds. Suites whose folder
has no test files do not exist. A suite that does not build, crashes, runs into its ceiling, or yields no test
counts as one failed test. The last line is "N passed, N failed"; the exit status follows.
"""

import argparse
import glob
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORTS = Path("build/test/reports")
PYTHON = "build/venv/bin/python"
CONFIGS = ["default", "small", "m32", "sanitize", "sanitize-small", "sanitize-tight"]
TIGHT = {"test_metadata_random", "test_metadata_sent"}  # what sanitize-tight builds
COVERED = ["hpack", "h2", "grpc"]
BRANCHES = 85  # per cent
# Of all suites together, seconds. A run takes a quarter of it on a quiet machine: a ceiling is for what hangs.
CEILINGS = 53 * 60
TABLES = [REPORTS / name for name in ("interop-cases.md", "tls-clients.md")]  # by tests/interop/case_table.py

# Suite: `build` is a make command or None, `run` a function(suite, log) -> [Result]
Suite = namedtuple("Suite", "name ceiling build run")
# Result: outcome is passed, failed or skipped; text is the message of a failure or the reason of a skip
Result = namedtuple("Result", "name outcome text")

options = None


def environment():
    """What suites and builds see: make's job server is not theirs, what was fetched is on their path."""
    env = {k: v for k, v in os.environ.items() if k not in ("MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    env["MAKEFLAGS"] = f"-j{os.cpu_count()} --no-print-directory --no-builtin-rules"
    env["PATH"] = f"{ROOT}/build/tools:{ROOT}/build/venv/bin:{env['PATH']}"
    # ASan's own report of a crash says more than cmocka's
    env["ASAN_OPTIONS"] = "allow_user_segv_handler=0:detect_leaks=0"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    return env


def call(args, log, seconds, **env):
    """Runs a command with its output in a log file. Its exit status, or None when its time was up."""
    with open(log, "ab") as out:
        child = subprocess.Popen(
            args,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**environment(), **env},
            start_new_session=True,
        )
        try:
            return child.wait(max(seconds, 1))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)  # the child's own group, begun by start_new_session
            child.wait()
            return None


def tail(log, lines=25):
    """The end of a log, without the lines in which make says what it does."""
    text = Path(log).read_text(errors="replace").splitlines() if Path(log).exists() else []
    text = [line for line in text if not re.match(r"  [A-Z]+ +\S+", line)]
    return "\n".join("    | " + line for line in text[-lines:])


def parse_junit(path):
    """The results in a JUnit file, be it cmocka's or pytest's."""
    results = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = (case.get("classname") + "." if case.get("classname") else "") + case.get("name", "?")
        bad = next((case.find(tag) for tag in ("failure", "error") if case.find(tag) is not None), None)
        skipped = case.find("skipped")
        if bad is not None:
            results.append(
                Result(name, "failed", "\n".join(filter(None, [bad.get("message"), bad.text])).strip())
            )
        elif skipped is not None:
            results.append(
                Result(name, "skipped", (skipped.get("message") or skipped.text or "no reason").strip())
            )
        else:
            results.append(Result(name, "passed", ""))
    return results


def status_text(status, ceiling):
    if status is None:
        return f"not finished at its ceiling of {ceiling} s"
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"


# ---- kinds of suites -------------------------------------------------------------------------------------


def cmocka(folder, config):
    """The programs of tests/<folder> in a configuration."""

    def run(suite, log):
        results, end = [], time.monotonic() + suite.ceiling
        wanted = {Path(source).stem for source in glob.glob(f"tests/{folder}/test_*.c")}
        if config == "m32":
            wanted = {name for name in wanted if not name.startswith("test_nghttp2_")}
        if config == "sanitize-tight":
            wanted &= TIGHT
        for name in sorted(wanted):
            report = REPORTS / f"{config}-{folder}-{name}-%g.xml"
            for old in glob.glob(str(report).replace("%g", "*")):
                os.remove(old)
            own = REPORTS / f"{config}-{folder}-{name}.log"
            own.unlink(missing_ok=True)
            status = call(
                [f"build/test/{config}/bin/{folder}/{name}"],
                own,
                end - time.monotonic(),
                CMOCKA_MESSAGE_OUTPUT="XML",
                CMOCKA_XML_FILE=str(report),
            )
            found = [
                r for path in sorted(glob.glob(str(report).replace("%g", "*"))) for r in parse_junit(path)
            ]
            results += [Result(f"{name}: {r.name}", r.outcome, r.text) for r in found]
            failures = sum(r.outcome == "failed" for r in found)
            if status != 0 and not failures or not found:
                why = status_text(status, suite.ceiling) if status != 0 else "it held no test"
                results.append(Result(name, "failed", f"{why}\n{tail(own)}"))
        return results

    return run


def pytest(folder, *more):
    def run(suite, log):
        report = REPORTS / (suite.name.replace(" ", "-") + ".xml")
        report.unlink(missing_ok=True)
        status = call(
            [
                PYTHON,
                "-m",
                "pytest",
                "-q",
                "-rs",
                "--color=no",
                f"--junitxml={report}",
                f"tests/{folder}",
                "-p",
                "no:cacheprovider",
                *more,
            ],
            log,
            suite.ceiling,
            GO=go(),
        )
        results = parse_junit(report) if report.exists() else []
        if status != 0 and not any(r.outcome == "failed" for r in results):
            results.append(Result("pytest", "failed", f"{status_text(status, suite.ceiling)}\n{tail(log)}"))
        return results

    return run


def go():
    done = subprocess.run([PYTHON, "port/deps/tools.py", "--print", "go"], capture_output=True, text=True)
    return done.stdout.strip()


def command(args, name):
    """One command that is one test."""

    def run(suite, log):
        status = call(args, log, suite.ceiling)
        if status == 0:
            return [Result(name, "passed", "")]
        return [Result(name, "failed", f"{status_text(status, suite.ceiling)}\n{tail(log)}")]

    return run


def model(config):
    """Random clients against the reference model; sanitizers make each step dear."""
    steps = 30000 if config.startswith("sanitize") else 100000

    def run(suite, log):
        status = call([f"build/test/{config}/bin/model/model", "--steps", str(steps)], log, suite.ceiling)
        if status == 0:
            return [Result("model", "passed", "")]
        return [Result("model", "failed", f"{status_text(status, suite.ceiling)}\n{tail(log, 80)}")]

    return run


def fuzzers(suite, log):
    """Each fuzzer for a while, on its corpus (tests/fuzz/corpus/<name>) and what it found before."""
    results = []
    for source in sorted(glob.glob("tests/fuzz/fuzz_*.c")):
        name = Path(source).stem
        found = Path("build/fuzz") / name
        found.mkdir(parents=True, exist_ok=True)
        seeds = [p for p in [f"tests/fuzz/corpus/{name}"] if os.path.isdir(p)]
        own = REPORTS / f"{name}.log"
        own.unlink(missing_ok=True)
        status = call(
            [
                f"build/test/fuzz/bin/fuzz/{name}",
                f"-max_total_time={options.seconds}",
                "-timeout=10",
                f"-artifact_prefix=build/fuzz/{name}-",
                str(found),
                *seeds,
            ],
            own,
            options.seconds + 10,
        )
        runs = re.search(r"Done (\d+) runs", own.read_text(errors="replace"))
        if status == 0 and runs and int(runs[1]) > 0:
            results.append(Result(name, "passed", ""))
        else:
            results.append(
                Result(name, "failed", f"{status_text(status, options.seconds + 10)}\n{tail(own)}")
            )
    return results


def forget_coverage():
    """Drops the counters of earlier runs, and what is left of sources that are gone: gcovr reads both."""
    objects = Path("build/test/default/obj")
    for path in [*objects.glob("**/*.gcda"), *objects.glob("**/*.gcno")]:
        if path.suffix == ".gcda" or not path.relative_to(objects).with_suffix(".c").exists():
            path.unlink()


def coverage(suite, log):
    """The branches that unit, vectors and pair reached in the default configuration, folder by folder."""
    results = []
    for folder in COVERED:
        if not glob.glob(f"firmware/{folder}/*.c"):
            continue
        out = REPORTS / f"coverage-{folder}.txt"
        csv = REPORTS / f"coverage-{folder}.csv"
        status = call(
            [
                PYTHON,
                "-m",
                "gcovr",
                "-r",
                ".",
                "--filter",
                f"firmware/{folder}/",
                "--exclude-unreachable-branches",
                # the failing side of an assertion has no way there
                "--exclude-branches-by-pattern",
                r".*\bgram_assert\(.*",
                "--csv",
                str(csv),
                "--txt",
                str(out),
                f"build/test/default/obj/firmware/{folder}",
            ],
            log,
            suite.ceiling,
        )
        if status != 0:
            results.append(Result(folder, "failed", f"{status_text(status, suite.ceiling)}\n{tail(log)}"))
            continue
        rows = [line.split(",") for line in csv.read_text().splitlines()]
        column = {name: i for i, name in enumerate(rows[0])}
        total = {
            key: sum(int(row[column[key]]) for row in rows[1:])
            for key in ("line_total", "line_covered", "branch_total", "branch_covered")
        }
        lines = 100 * total["line_covered"] / max(total["line_total"], 1)
        branches = 100 * total["branch_covered"] / max(total["branch_total"], 1)
        text = (
            f"firmware/{folder}: {lines:.1f} % of {total['line_total']} lines, "
            f"{branches:.1f} % of {total['branch_total']} branches"
        )
        print(f"    {text}   (details: {out})")
        good = branches >= BRANCHES and total["branch_total"] > 0
        results.append(
            Result(folder, "passed" if good else "failed", f"{text}; at least {BRANCHES} % of branches")
        )
    return results


# ---- which suites there are ------------------------------------------------------------------------------


def tests_make(config):
    return ["make", "-f", "tests/tests.mk", f"CONFIG={config}"]


def names(pattern):
    """The folders that hold a file, such as each application by its app.mk."""
    return sorted(Path(path).parent.name for path in glob.glob(pattern))


def suites(quick):
    found = []
    folders = [f for f in ("unit", "vectors", "pair") if glob.glob(f"tests/{f}/test_*.c")]
    configs = [c for c in CONFIGS if c != "m32" or platform.machine() in ("x86_64", "amd64")]
    for config in configs:
        for folder in ["pair"] if config == "sanitize-tight" else folders:
            ceiling = 40 if folder == "pair" else 10
            found.append(Suite(f"{folder} ({config})", ceiling, tests_make(config), cmocka(folder, config)))
        if glob.glob("tests/model/*.c") and config != "sanitize-tight":
            found.append(Suite(f"model ({config})", 40, tests_make(config), model(config)))
    if quick:
        return found
    if folders:
        found.append(Suite("coverage", 30, None, coverage))
    found.append(
        Suite("core symbols", 20, tests_make("m3"), command(["python3", "tests/symbols.py"], "symbols"))
    )
    images = [*names("firmware/apps/*/app.mk"), "--", *names("port/boards/*/board.mk")]
    budgets = command([PYTHON, "tests/size.py", *images], "budgets")
    found.append(Suite("size", 20, ["make", "size-objects"], budgets))
    if glob.glob("tests/generator/test_*.py"):
        found.append(Suite("generator", 130, None, pytest("generator")))
    if glob.glob("tests/fuzz/fuzz_*.c"):
        count = len(glob.glob("tests/fuzz/fuzz_*.c"))
        found.append(Suite("fuzz", count * (options.seconds + 10), tests_make("fuzz"), fuzzers))
    for config in ["tls", "tls-m32"] if "m32" in configs else ["tls"]:
        found.append(Suite(f"tls ({config})", 90, tests_make(config), cmocka("tls", config)))
    if glob.glob("tests/wire/*.c"):
        found.append(
            Suite(
                "wire",
                60,
                ["make", "-f", "firmware/image.mk", "TARGET=wire", "APP=greeter"],
                command(["build/test/wire/wire"], "wire"),
            )
        )
    if glob.glob("tests/bench/test_*.py"):
        found.append(Suite("bench", 40, ["make", "bench-image"], pytest("bench")))
    if glob.glob("tests/firmware/test_*.py"):
        found.append(Suite("firmware", 120, ["make", "all-apps", "tls-images"], pytest("firmware")))
    if glob.glob("tests/interop/test_*.py"):
        clients = ["make", "test-clients"]
        plaintext, secure = ["--kind", "plaintext"], ["--kind", "tls", "--kind", "mtls"]
        found.append(Suite("interop", 900, clients, pytest("interop", "-m", "not matrix", *plaintext)))
        found.append(Suite("interop, TLS", 600, clients, pytest("interop", "-m", "not matrix", *secure)))
    if glob.glob("tests/conformance/test_*.py"):
        found.append(
            Suite("conformance", 150, ["make", "test-clients"], pytest("conformance", "-m", "not matrix"))
        )
    if glob.glob("tests/docs/test_*.py"):
        found.append(Suite("docs", 300, ["make", "test-clients"], pytest("docs")))
    return found


def matrix():
    """Every client against every target, the long cases with the others, and the reference that proves the cases."""
    clients = ["make", "test-clients"]
    everything, secure = "matrix or not matrix", ["--kind", "tls", "--kind", "mtls"]
    every = command(["env", "GRAM_EVERY=1", "build/test/tls/bin/tls/test_every"], "test_every")
    return [
        Suite("interop, all", 3600, clients, pytest("interop", "-m", everything, "--kind", "plaintext")),
        Suite("interop, TLS", 3600, clients, pytest("interop", "-m", everything, *secure, "--all-tests")),
        Suite("tls, every allocation", 400, tests_make("tls"), every),
        Suite("interop, reference", 600, clients, pytest("interop", "--target", "reference")),
        Suite("TLS, counted", 200, ["make", "bench-tls-images"], command([PYTHON, "tests/firmware/tls_meter.py"], "figures")),
        Suite("conformance, all", 900, clients, pytest("conformance", "-m", everything)),
    ]


built = {}  # make command -> (exit status, log): each is called once


def build(suite):
    key = " ".join(suite.build)
    if key not in built:
        log = REPORTS / (re.sub(r"\W+", "-", key) + ".log")
        log.unlink(missing_ok=True)
        built[key] = (call(suite.build, log, 1200), log)
    return built[key]


def run_suite(suite):
    """One suite, from its build to its line in the report."""
    print(f"{suite.name} ...", flush=True)
    log = REPORTS / (re.sub(r"\W+", "-", suite.name) + ".log")
    log.unlink(missing_ok=True)
    if suite.build:
        known = " ".join(suite.build) in built
        status, build_log = build(suite)
        if status != 0:
            text = f"{' '.join(suite.build)}: {status_text(status, 1200)}"
            return [Result("build", "failed", text + (" (as above)" if known else "\n" + tail(build_log)))], 0
    begin = time.monotonic()
    try:
        results = suite.run(suite, log)
    except Exception as error:  # a mistake of ours must count, too
        results = [Result("tests/run.py", "failed", f"{type(error).__name__}: {error}")]
    if not any(r.outcome != "skipped" for r in results):
        results.append(Result(suite.name, "failed", f"no test was run\n{tail(log)}"))
    return results, time.monotonic() - begin


def main():
    global options
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    os.chdir(ROOT)
    REPORTS.mkdir(parents=True, exist_ok=True)
    all_suites = matrix() if options.matrix else suites(options.quick)
    chosen = [s for s in all_suites if s.name.startswith(options.only)]
    if options.only == "coverage":
        chosen = [s for s in suites(False) if "(default)" in s.name] + chosen
    if any("(default)" in s.name for s in chosen):
        forget_coverage()
    if options.matrix:
        for table in TABLES:
            table.unlink(missing_ok=True)
    passed, failed, lines = 0, 0, []
    for suite in chosen:
        results, seconds = run_suite(suite)
        good = sum(r.outcome == "passed" for r in results)
        bad = [r for r in results if r.outcome == "failed"]
        skipped = [r for r in results if r.outcome == "skipped"]
        for r in bad:
            print(
                f"  FAILED {suite.name}: {r.name}\n"
                + "\n".join("    " + line for line in r.text.splitlines()[:60])
            )
        for r in skipped:
            print(f"  skipped {suite.name}: {r.name}: {r.text}")
        lines.append(
            f"  {suite.name:28} {good:5} passed {len(bad):4} failed {len(skipped):4} skipped "
            f"{seconds:7.1f} s of {suite.ceiling}"
        )
        print(lines[-1], flush=True)
        passed, failed = passed + good, failed + len(bad)
    if not chosen:
        print(f"gram: no suite's name begins with '{options.only}'")
        failed = 1
    for table in TABLES:
        if options.matrix and table.exists():
            print(f"\n{table.read_text()}\n  (the same: {table})")
    print("\n" + "\n".join(lines))
    together = sum(suite.ceiling for suite in chosen)
    if together > CEILINGS and options.seconds <= 5 and not options.matrix:
        print(f"  FAILED the ceilings are {together} s together, more than {CEILINGS}")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return failed == 0


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
