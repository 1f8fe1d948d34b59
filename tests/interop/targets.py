"""What the clients call: an application in the simulator, on the sockets port, on a board in QEMU, or in the
reference server; in plaintext, over TLS or over mutual TLS.

A Target builds and starts Servers; a Server is one running process with its output. Every process is ended by
its own id. States of a Server: starting (until its ready line), ready, stopped."""

import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import certs
from apps import BUILD, ROOT, descriptor_set, make_arguments

READY = re.compile(r"gram: (\S+) ready on localhost:(\d+)")
ENDED_WELL = "gram: ended, nothing is still taken"
# What no server may ever say.
TROUBLE = re.compile(r"fault|assert|Sanitizer|panic", re.IGNORECASE)


def free_port(ports):
    """A port of the range (low, high) that nobody listens on, IPv4 and IPv6."""
    low, high = ports
    for port in random.sample(range(low, high + 1), high - low + 1):
        try:
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind((address, port))
            return port
        except OSError:
            continue
    raise RuntimeError(f"no port of {low}-{high} is free")


class Server:
    """One application being served on a port of this machine."""

    def __init__(self, name, app, secure, command, port, max_connections, start_seconds):
        self.name = f"{name} {app}"
        self.app = app
        self.secure = secure  # of certs.KINDS
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.max_connections = max_connections
        self.output = []
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=ROOT,
        )
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        deadline = time.monotonic() + start_seconds
        while not self.ready.wait(0.05):
            if not self.alive() or time.monotonic() > deadline:
                why = "not ready in time" if self.alive() else f"ended with {self.process.returncode}"
                self.stop()
                raise RuntimeError(f"{self.name}: {why}: {' '.join(map(str, command))}\n{self.text()}")

    def _read(self):
        for line in self.process.stdout:
            self.output.append(line.rstrip("\r\n"))
            if READY.search(line):
                self.ready.set()

    def alive(self):
        return self.process.poll() is None

    def text(self):
        return "\n".join(self.output)

    def wait_for_line(self, pattern, since=0, timeout=5):
        """The first line of output from number `since` on that the pattern is found in."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.output[since:]:
                if re.search(pattern, line):
                    return line
            time.sleep(0.02)
        raise AssertionError(f"{self.name} printed no line with {pattern!r}:\n{self.text()}")

    def stop(self, how=signal.SIGTERM, timeout=5):
        """Asks the process to end, insists after a time; its exit status."""
        if self.alive():
            self.process.send_signal(how)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(timeout)
        return self.process.returncode

    def end_well(self):
        """Ends it, and sees that nothing was left."""
        assert self.stop() == 0, self.text()
        assert self.output[-1] == ENDED_WELL, self.text()


class Target:
    """How to build and start an application in one way, and one of certs.KINDS; keeps one shared server of each."""

    name = ""
    max_connections = 16
    start_seconds = 30
    says_how_it_ended = True  # at SIGTERM, with ENDED_WELL
    says_how_it_refuses = True  # clients that do not get through TLS
    # How a request of 20 KB to a method that takes 64 bytes is answered: by nanopb's bound where the message
    # buffers hold it, else by their limit.
    too_long = {(3, "string overflow")}

    def __init__(self, ports, secure="plaintext", version=""):
        self.ports = ports
        self.secure = secure
        self.version = version  # of TLS, where the program is to have one alone
        self.servers = {}
        self.dead = []  # shared servers that ended by themselves
        self.built = set()

    def build(self, app):
        pass

    def command(self, app, port):
        raise NotImplementedError

    def secure_options(self):
        return certs.server_options(self.secure)

    def version_arguments(self):
        """For make."""
        return [f"TLS_VERSION={self.version}"] if self.version else []

    @property
    def label(self):
        """sim, sim+tls, sim+mtls"""
        return label(self.name, self.secure)

    def start(self, app, *options):
        """A server of its own, which the caller must stop. Options of TLS among them replace the target's."""
        if app not in self.built:
            self.build(app)
            self.built.add(app)
        port = free_port(self.ports)
        secure = [] if "--tls-cert" in options else self.secure_options()
        return Server(
            self.label,
            app,
            self.secure,
            [*self.command(app, port), *secure, *options],
            port,
            self.max_connections,
            self.start_seconds,
        )

    def server(self, app):
        """The server that the tests share; a new one if it has died: one death is not every test's."""
        if app in self.servers and not self.servers[app].alive():
            self.dead.append(self.servers.pop(app))
        if app not in self.servers:
            self.servers[app] = self.start(app)
        return self.servers[app]

    def stop_all(self):
        for server in self.servers.values():
            server.stop()
        self.servers.clear()


def make(*args):
    # As a make of its own: not one of the jobs of the make that runs the tests.
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        ["make", *args],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"make {' '.join(args)} failed:\n{done.stdout}")


class Host(Target):
    """A program of this machine: the simulator, or the sockets port, for embedded Linux."""

    def __init__(self, name, *more):
        super().__init__(*more)
        self.name = name

    def build(self, app):
        make(self.name, *make_arguments(app), *self.version_arguments())

    def command(self, app, port):
        image = f"{app}-tls{self.version}" if self.version else app
        return [BUILD / self.name / image, "--port", port]


class Reference(Target):
    name = "reference"
    says_how_it_refuses = False

    def command(self, app, port):
        return [
            BUILD / "tools" / "interop-reference",
            "-app",
            app.removesuffix("-auth"),
            "-port",
            port,
            "-descriptors",
            descriptor_set(app),
        ]


class Board(Target):
    # QEMU listens on the forwarded port with a backlog of 1: more connections at once stall for a second.
    max_connections = 2
    start_seconds = 60
    says_how_it_ended = False
    too_long = {(3, "string overflow"), (8, "")}
    COMPILED_IN = {"--tls-cert": "TLS_CERT", "--tls-key": "TLS_KEY", "--client-ca": "CLIENT_CA"}

    def __init__(self, board, *more):
        super().__init__(*more)
        self.name = board
        self.files = {}

    def start(self, app, *options):
        """Certificates are compiled in: other ones make another image of the same name."""
        words = options or certs.server_options(self.secure)
        given = dict(zip(words[::2], words[1::2]))
        files = {make_name: given[flag] for flag, make_name in self.COMPILED_IN.items() if flag in given}
        if files != self.files:
            self.built.clear()
        self.files = files
        return super().start(app)

    def build(self, app):
        make("firmware", f"BOARD={self.name}", *make_arguments(app), *self.tls_arguments())

    def tls_arguments(self):
        """An image for QEMU has random numbers for emulation only."""
        if self.secure == "plaintext":
            return []
        files = [f"{name}={path}" for name, path in self.files.items()]
        return [f"{self.secure.upper()}=1", "EMULATION=1", *self.version_arguments(), *files]

    def secure_options(self):
        return []

    def image(self, app):
        return f"{app}.elf" if self.secure == "plaintext" else f"{app}-{self.secure}{self.version}-emulation.elf"

    def machine(self):
        text = (ROOT / "port" / "boards" / self.name / "board.mk").read_text()
        return re.search(r"^BOARD_QEMU_MACHINE\s*[:?]?=\s*(\S+)", text, re.MULTILINE).group(1)

    def command(self, app, port):
        return [
            "qemu-system-arm",
            "-M",
            self.machine(),
            "-kernel",
            BUILD / self.name / self.image(app),
            *"-display none -monitor none -serial stdio".split(),
            "-nic",
            f"user,hostfwd=tcp:127.0.0.1:{port}-:50051",
        ]


BOARDS = ["lm3s6965evb", "mps2-an385"]
OURS = ["sim", *BOARDS, "posix"]
NAMES = [*OURS, "reference"]
PORTS = (21000, 29999)  # of this machine, for servers to listen on


def label(name, secure):
    return name if secure == "plaintext" else f"{name}+{secure}"


LABELS = [label(name, secure) for name in NAMES for secure in certs.KINDS]


def make_target(a_label, ports, version=""):
    """The target of a label, such as sim or sim+tls, with one version of TLS or what it has by itself."""
    name, _, secure = a_label.partition("+")
    secure = secure or "plaintext"
    if secure != "plaintext":
        certs.prepare()
    if name == "reference":
        return Reference(ports, secure)
    return (Board if name in BOARDS else Host)(name, ports, secure, version)
