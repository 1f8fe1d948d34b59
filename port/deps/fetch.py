#!/usr/bin/env python3
"""Fetches the third-party sources that gram is compiled with, and checks them.

    fetch.py NAME...            puts build/deps/NAME in place (lwip, nanopb, mbedtls, cmocka)

One table, PINS, says what is taken. For each name there are three ways, tried in this order:

 1. apt: on Debian the distribution's source packages, over the mirror that the machine uses anyway.
    The source list and apt's state are private (build/deps/apt), so that any user can do it and nothing on
    the machine changes.
 2. https: the upstream release, or the same file in Debian's pool.
 3. apt again: where the pinned patch release is gone from everywhere, the newest of the same series, with a
    notice. Its SHA-256 then comes from the distribution's signed index; one without a good signature is not
    believed.

Whatever comes by 1 or 2 must have the SHA-256 of the table, so it does not matter who delivered it. Archives
stay in build/deps/archives. A directory that is in place records in .gram-pin what it was made of: if that is
still what the table says, nothing is done and no network is touched.
"""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPS = ROOT / "build" / "deps"
ARCHIVES = DEPS / "archives"
APT = DEPS / "apt"
POOL = "https://ftp.debian.org/debian/pool/main/"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# File: its name, its SHA-256 and where https finds it.
File = namedtuple("File", "name sha256 url")

# Pin: `sources` are equivalent archives of the same release, any one is enough. `packaging` is Debian's
# archive of patches, of which those in `patches` are applied (fixes, whichever archive the source came from).
Pin = namedtuple("Pin", "version debian suite sources packaging patches probe")

PINS = {
    "lwip": Pin(
        "2.2.1",
        "2.2.1+dfsg1-1+deb13u1",
        "trixie",
        [
            File(
                "lwip_2.2.1+dfsg1.orig.tar.xz",
                "83729c274c499d3348e9fbbe043a3113f3fa8953e7efddc7c21c7fcbb1f2b7b1",
                POOL + "l/lwip/lwip_2.2.1+dfsg1.orig.tar.xz",
            ),
            File(
                "lwip-2.2.1.zip",
                "7b622662dba2383d71f874f2e494b54ae948531559c17acbe75797966d646878",
                "https://download.savannah.nongnu.org/releases/lwip/lwip-2.2.1.zip",
            ),
        ],
        File(
            "lwip_2.2.1+dfsg1-1+deb13u1.debian.tar.xz",
            "faa343b3c76d69080240ae1323932b7348fa1d0042f6ad29bd286246660720a9",
            POOL + "l/lwip/lwip_2.2.1+dfsg1-1+deb13u1.debian.tar.xz",
        ),
        ["CVE_2026_8836", "empty_block_last"],
        "src/core/tcp.c",
    ),
    "nanopb": Pin(
        "0.4.9.1",
        "0.4.9.1-1",
        "trixie",
        [
            File(
                "nanopb_0.4.9.1.orig.tar.gz",
                "4575944a468718ef25f05eb01d994364650b581563089a9841986bb1e460eac3",
                POOL + "n/nanopb/nanopb_0.4.9.1.orig.tar.gz",
            ),
            File(
                "nanopb-0.4.9.1.tar.gz",
                "4575944a468718ef25f05eb01d994364650b581563089a9841986bb1e460eac3",
                "https://github.com/nanopb/nanopb/archive/refs/tags/0.4.9.1.tar.gz",
            ),
        ],
        None,
        [],
        "pb_decode.c",
    ),
    "mbedtls": Pin(
        "3.6.7",
        "3.6.7-3",
        "sid",
        [
            File(
                "mbedtls_3.6.7.orig.tar.bz2",
                "a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6",
                POOL + "m/mbedtls/mbedtls_3.6.7.orig.tar.bz2",
            ),
            File(
                "mbedtls-3.6.7.tar.bz2",
                "a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6",
                "https://github.com/Mbed-TLS/mbedtls/releases/download/mbedtls-3.6.7/mbedtls-3.6.7.tar.bz2",
            ),
        ],
        None,
        [],
        "library/ssl_tls.c",
    ),
    "cmocka": Pin(
        "1.1.7",
        "1.1.7-3",
        "trixie",
        [
            File(
                "cmocka_1.1.7.orig.tar.xz",
                "810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82",
                POOL + "c/cmocka/cmocka_1.1.7.orig.tar.xz",
            ),
            File(
                "cmocka-1.1.7.tar.xz",
                "810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82",
                "https://cmocka.org/files/1.1/cmocka-1.1.7.tar.xz",
            ),
        ],
        None,
        [],
        "src/cmocka.c",
    ),
}


class Failure(Exception):
    """One line that says what went wrong."""


def say(text):
    print("gram: " + text, flush=True)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def have(file):
    path = ARCHIVES / file.name
    return path.is_file() and (file.sha256 is None or sha256(path) == file.sha256)


# ---- apt -------------------------------------------------------------------------------------------------


def os_release():
    pairs = (line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return {key: value.strip('"') for key, value in pairs}


def apt_entries():
    """The machine's (uri, suites, components), from one-line and deb822 sources."""
    etc = Path("/etc/apt")
    for path in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*.list"))]:
        if path.is_file():
            for line in path.read_text().splitlines():
                m = re.match(r"\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line)
                if m:
                    yield m[1], [m[2]], m[3].split()
    for path in sorted(etc.glob("sources.list.d/*.sources")):
        text = re.sub(r"(?m)^#.*\n", "", path.read_text())
        for stanza in re.split(r"\n\s*\n", text):
            field = {
                k.lower(): v.split()
                for k, v in re.findall(r"(?m)^([\w-]+):((?:.*\n?)(?:[ \t].*\n?)*)", stanza)
            }
            if field.get("enabled", ["yes"])[0].lower() != "no":
                for uri in field.get("uris", []):
                    yield uri, field.get("suites", []), field.get("components", [])


def mirror():
    """The Debian mirror that this machine uses; None if it is no Debian machine or uses none."""
    if shutil.which("apt-get") is None or not Path("/etc/os-release").is_file():
        return None
    release = os_release()
    if release.get("ID") != "debian":
        return None
    own = {release.get("VERSION_CODENAME"), "stable", "oldstable", "testing", "unstable", "sid", "trixie"}
    for uri, suites, components in apt_entries():
        if "main" in components and own & set(suites) and re.match(r"(https?|file|ftp)://", uri):
            return uri
    return None


def apt(command, *words):
    """Runs apt-get or apt-cache on the private list and state; returns its output."""
    options = {
        "Dir::Etc::sourcelist": APT / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": APT / "lists",
        "Dir::Cache": APT / "cache",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "60",
    }
    args = [command] + [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    done = subprocess.run(
        [*args, *words],
        cwd=ARCHIVES,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:"))]
        raise Failure("apt: " + (errors[-1][2:].strip() if errors else f"{command} failed"))
    return done.stdout


class Apt:
    """Debian's source index, read once for all names; `signed` says whether its signatures are good."""

    def __init__(self, suites):
        self.uri = mirror()
        self.suites = suites
        self.signed = False
        self.ready = False
        self.failure = None

    def open(self):
        if self.uri is None:
            raise Failure("apt: no Debian mirror is set up here")
        if self.failure:
            raise self.failure
        if not self.ready:
            try:
                self._read()
            except Failure as failure:
                self.failure = failure
                raise

    def _read(self):
        for folder in ("lists/partial", "cache/archives/partial"):
            (APT / folder).mkdir(parents=True, exist_ok=True)
        recent = (
            APT / "recent"
        )  # says whether the index that was read a moment ago is signed, and which it is
        mark = f"{self.uri} {self.suites} signed="
        if (
            recent.is_file()
            and time.time() - recent.stat().st_mtime < 600
            and recent.read_text().startswith(mark)
        ):
            self.ready, self.signed = True, recent.read_text() == mark + "True"
            return
        say(f"reading the source index of Debian {' and '.join(self.suites)} from {self.uri}")
        keys = f"signed-by={KEYRING}" if KEYRING.is_file() else ""
        self.signed = self._update(f"[{keys}] " if keys else "")
        if not self.signed:  # no key for it here: the pinned SHA-256 is all we go by
            self._update("[trusted=yes] ", must=True)
        self.ready = True
        recent.write_text(mark + str(self.signed))

    def _update(self, options, must=False):
        (APT / "sources.list").write_text(
            "".join(f"deb-src {options}{self.uri} {suite} main\n" for suite in self.suites)
        )
        try:
            output = apt("apt-get", "update")
        except Failure:
            if must:
                raise
            return False
        if "Failed to fetch" in output:
            raise Failure(f"apt: the index of {self.uri} could not be read")
        return "W:" not in output or must

    def versions(self, name):
        """{version: [(sha256, file name)]} of a source package."""
        found = {}
        for stanza in apt("apt-cache", "showsrc", name).split("\n\n"):
            version = re.search(r"(?m)^Version: (.*)$", stanza)
            sums = re.search(r"(?m)^Checksums-Sha256:\s*\n((?: .*\n?)+)", stanza)
            if version and sums and re.search(rf"(?m)^Package: {re.escape(name)}$", stanza):
                found[version[1]] = re.findall(r"(?m)^ ([0-9a-f]{64}) \d+ (\S+)$", sums[1])
        return found

    def pinned(self, name, pin):
        """Way 1: the very archives of the table."""
        self.open()
        found = self.versions(name)
        wanted = {pin.sources[0].sha256} | ({pin.packaging.sha256} if pin.packaging else set())
        for version, files in found.items():
            if wanted <= {sha for sha, _ in files}:
                return self._download(name, version, pin.packaging is None)
        raise Failure(f"apt: {name} {pin.debian} is not in {' or '.join(self.suites)}")

    def newest(self, name, pin):
        """Way 3: the newest patch release of the pinned series, as (main archive, packaging, version)."""
        self.open()
        if not self.signed:
            raise Failure(
                "apt: a release that is not pinned needs a signed index, and this one's signature is unknown"
            )
        series = ".".join(pin.version.split(".")[:2]) + "."
        found = {v: files for v, files in self.versions(name).items() if v.startswith(series)}
        if not found:
            raise Failure(f"apt: no {name} {series}x at all")
        version = max(found, key=lambda v: [int(n) for n in re.findall(r"\d+", v)])
        self._download(name, version, pin.packaging is None)
        pick = {
            kind: File(n, sha, None)
            for sha, n in found[version]
            for kind in ("orig.tar", "debian.tar")
            if f".{kind}." in n and not n.endswith(".asc")
        }
        return pick["orig.tar"], pick.get("debian.tar") if pin.packaging else None, version

    @staticmethod
    def _download(name, version, tar_only):
        kind = ["--tar-only"] if tar_only else []
        apt("apt-get", "source", "--download-only", "--allow-unauthenticated", *kind, f"{name}={version}")


# ---- https -----------------------------------------------------------------------------------------------


def download(file):
    say(f"fetching {file.url}")
    try:
        with urllib.request.urlopen(file.url, timeout=60) as answer:
            data = answer.read()
    except OSError as error:
        raise Failure(f"{file.url}: {error}")
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise Failure(f"{file.url}: SHA-256 is {found}, not the pinned {file.sha256}")
    (ARCHIVES / file.name).write_bytes(data)


def first_of(files, reasons):
    """Way 2: any one of equivalent files, upstream's first. None when there is none."""
    for file in reversed(files):
        try:
            if not have(file):
                download(file)
            return file
        except Failure as reason:
            reasons.append(str(reason))
    return None


# ---- in place --------------------------------------------------------------------------------------------


def obtain(name, pin, index):
    """The archives for a name: (main archive, packaging or None, version)."""
    reasons = []

    def complete():
        main = next((file for file in pin.sources if have(file)), None)
        return main if main and (pin.packaging is None or have(pin.packaging)) else None

    if complete() is None:
        try:
            index.pinned(name, pin)
        except Failure as reason:
            reasons.append(str(reason))
    if complete() is None:
        if next((file for file in pin.sources if have(file)), None) or first_of(pin.sources, reasons):
            if pin.packaging is not None:
                first_of([pin.packaging], reasons)
    main = complete()
    if main:
        return main, pin.packaging, pin.version
    try:
        result = index.newest(name, pin)
        say(f"NOTICE: {name} {pin.version} is gone; taking {result[2]}, the newest of its series, instead")
        return result
    except Failure as reason:
        reasons.append(str(reason))
    main = next((file for file in pin.sources if have(file)), None)
    if main and os.environ.get("LWIP_UNPATCHED") == "1":
        say(f"NOTICE: {name} without the security fixes of {pin.packaging.name}, as LWIP_UNPATCHED=1 says")
        return main, None, pin.version
    for reason in dict.fromkeys(reasons):
        say("  " + reason)
    if main:
        raise Failure(
            f"{name}: the security fixes ({pin.packaging.name}) could not be fetched: try again online, put "
            f"the file into {ARCHIVES}, or go without by LWIP_UNPATCHED=1"
        )
    raise Failure(
        f"{name} {pin.version} could not be fetched: go online and try again, put {pin.sources[-1].name} (or "
        f"{pin.sources[0].name}) into {ARCHIVES}, or name your own checkout with {name.upper()}_DIR="
    )


def unpack(path, into):
    """Unpacks an archive without its top folder, if it has just one."""
    into.mkdir(parents=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(into)
    else:
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
            if hasattr(tarfile, "data_filter"):
                archive.extractall(into, filter="data")
            else:
                archive.extractall(into)
    inside = list(into.iterdir())
    if len(inside) == 1 and inside[0].is_dir() and inside[0].name != "debian":
        top = inside[0].rename(into.with_name(into.name + ".top"))
        into.rmdir()
        top.rename(into)


def patch(source, packaging, names):
    """Applies Debian's fixes: those named in the table and all that say CVE."""
    extra = source.with_name(source.name + ".debian")
    shutil.rmtree(extra, ignore_errors=True)
    unpack(packaging, extra)
    folder = extra / "debian" / "patches"
    if shutil.which("git") is None:
        raise Failure(f"git is needed to apply the fixes of {packaging.name}: install it")
    series = folder / "series"
    lines = series.read_text().splitlines() if series.is_file() else []
    chosen = [
        n for n in (line.split("#")[0].strip() for line in lines) if n and (n in names or "CVE" in n.upper())
    ]
    for name in chosen:
        # git looks no higher than our folder, so that the project's own repository is not what it patches
        done = subprocess.run(
            ["git", "apply", "-p1", str((folder / name).resolve())],
            cwd=source,
            text=True,
            capture_output=True,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(source.parent)},
        )
        if done.returncode != 0:
            raise Failure(
                f"{packaging.name}: the fix {name} does not apply: {done.stderr.strip().splitlines()[0]}"
            )
    shutil.rmtree(extra)
    return chosen


def identity(pin):
    """What a directory was made of, in a line."""
    files = [*pin.sources, *([pin.packaging] if pin.packaging else [])]
    return " ".join([pin.version, *sorted({file.sha256 for file in files}), *pin.patches]) + "\n"


def put_in_place(name, pin, index):
    target = DEPS / name
    stamp = target / ".gram-pin"
    if stamp.is_file() and stamp.read_text() == identity(pin):
        stamp.touch()
        return
    main, packaging, version = obtain(name, pin, index)
    for file in (main, packaging):
        if file and not have(file):
            raise Failure(f"{file.name}: SHA-256 is not {file.sha256}")
    fresh = DEPS / (name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    unpack(ARCHIVES / main.name, fresh)
    fixes = patch(fresh, ARCHIVES / packaging.name, pin.patches) if packaging else []
    if not (fresh / pin.probe).is_file():
        raise Failure(f"{main.name} holds no {pin.probe}")
    incomplete = pin.packaging is not None and packaging is None
    (fresh / ".gram-pin").write_text("unpatched\n" if incomplete else identity(pin))
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    say(f"{name} {version} is in place" + (f" (with {', '.join(fixes)})" if fixes else ""))


def main(names):
    unknown = [name for name in names if name not in PINS]
    if unknown or not names:
        raise Failure(f"fetch.py: which of {', '.join(PINS)}?" + (f" Not {unknown[0]}." if unknown else ""))
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    index = Apt(sorted({PINS[name].suite for name in names}))
    for name in names:
        put_in_place(name, PINS[name], index)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failure as failure:
        say(str(failure))
        sys.exit(1)
