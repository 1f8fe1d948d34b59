"""Options and fixtures of the interop tests.

    pytest tests/interop                                 the simulator and both boards in QEMU
    pytest tests/interop --target sim -k grpcurl         one target, some of the tests
    pytest tests/interop --target reference              the tests themselves, against grpc-go's server
    pytest tests/interop -m matrix                       the long ones, which are left out otherwise
    pytest tests/interop --kind tls                      the tests of TLS, and those that are marked to run over it
    pytest tests/interop --kind tls --all-tests          everything that can be, over TLS

A test that asks for `users`, `users_auth`, `greeter`, `contacts`, `streams`, `example`, `interop` or `alarm` gets that
application's server and runs once for each target; one that asks for `connect` or `client` runs once for each client too.
Markers `targets(..)` and `clients(..)` name the ones that a test is for. Marker `kinds(..)` says how the targets
are protected: plaintext unless told otherwise, tls, mtls; a test sees it as target.secure and server.secure,
mostly without caring: `connect` presents what the server asks for. The last test of each target ends
its servers and looks at how they ended."""

import pytest

import certs
import clients
import prepare
import tap as tap_module
import targets
from apps import SERVICES


def pytest_addoption(parser):
    parser.addoption(
        "--target",
        action="append",
        choices=targets.NAMES,
        help=f"what to test (again for more); {', '.join(targets.OURS)} unless given",
    )
    parser.addoption(
        "--kind",
        action="append",
        choices=certs.KINDS,
        help="tests in this way only (again for more), instead of each in all of its own",
    )
    parser.addoption(
        "--all-tests", action="store_true", help="with --kind: tests that are not marked for it, too"
    )
    parser.addoption(
        "--ports", default="%d-%d" % targets.PORTS, help="ports of this machine that servers may listen on"
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "targets(*names): only these targets")
    config.addinivalue_line("markers", "clients(*names): only these clients")
    config.addinivalue_line("markers", "kinds(*names): over plaintext, tls, mtls")
    config.addinivalue_line("markers", "matrix: long; left out unless asked for with -m matrix")
    config.addinivalue_line("markers", "ending: the last of its target")


def names_for(metafunc, marker, known):
    found = metafunc.definition.get_closest_marker(marker)
    return [name for name in known if found is None or name in found.args]


def kinds_for(metafunc):
    """What the marker says, plaintext without one, as far as it is asked for."""
    asked = metafunc.config.getoption("--kind") or certs.KINDS
    found = metafunc.definition.get_closest_marker("kinds")
    own = found.args if found else ["plaintext"]
    reads_what_passes = "tap" in metafunc.fixturenames
    if metafunc.config.getoption("--all-tests") and not found and not reads_what_passes:
        own = certs.KINDS
    return [kind for kind in certs.KINDS if kind in own and kind in asked]


def pytest_generate_tests(metafunc):
    if "target" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--target") or targets.OURS
        labels = [
            targets.label(name, kind)
            for name in names_for(metafunc, "targets", chosen)
            for kind in kinds_for(metafunc)
        ]
        metafunc.parametrize("target", labels, indirect=True, scope="session")
    if "client_name" in metafunc.fixturenames:
        metafunc.parametrize("client_name", names_for(metafunc, "clients", clients.NAMES))


def pytest_collection_modifyitems(config, items):
    # A test that is for none of the chosen targets is no test of this run, rather than a skipped one.
    def outside(item):
        return "NOTSET" in item.nodeid or (
            item.get_closest_marker("matrix") and "matrix" not in config.option.markexpr
        )

    dropped = [item for item in items if outside(item)]
    items[:] = [item for item in items if not outside(item)]
    config.hook.pytest_deselected(items=dropped)
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(60))

    # One target after the other, so that one target's servers run at a time, and each target's ending last.
    def order(item):
        call = getattr(item, "callspec", None)
        target = call.params.get("target") if call else None
        return (targets.LABELS.index(target) if target else -1, item.get_closest_marker("ending") is not None)

    items.sort(key=order)


@pytest.fixture(scope="session")
def prepared():
    try:
        prepare.prepare()
    except prepare.Trouble as trouble:
        pytest.exit(f"gram: {trouble}", returncode=1)


@pytest.fixture(scope="session")
def target(request, prepared):
    low, high = request.config.getoption("--ports").split("-")
    target = targets.make_target(request.param, (int(low), int(high)))
    yield target
    target.stop_all()


def app_fixture(app):
    @pytest.fixture(name=app.replace("-", "_"))
    def server(target):
        found = target.server(app)
        yield found
        assert found.alive(), f"{found.name} ended with {found.process.returncode}:\n{found.text()}"

    return server


greeter, contacts, users = (app_fixture(app) for app in ("greeter", "contacts", "users"))
users_auth = app_fixture("users-auth")
streams, example, interop = (app_fixture(app) for app in ("streams", "example", "interop"))
alarm = app_fixture("alarm")


@pytest.fixture
def fresh(target):
    """fresh(app, *options): a server that no other test has called."""
    started = []

    def start(app, *options):
        started.append(target.start(app, *options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


class ClientPrograms:
    """The client programs that run, by client and application: they serve one test after the other."""

    def __init__(self):
        self.running = {}

    def start(self, name, app):
        """The one that runs, or a new one."""
        key = name, app
        if key not in self.running or self.running[key].process.poll() is not None:
            self.running[key] = clients.Client(*key)
        return self.running[key]

    def stop(self):
        for program in self.running.values():
            program.stop()
        self.running.clear()


@pytest.fixture(scope="session")
def client_programs():
    programs = ClientPrograms()
    yield programs
    programs.stop()


@pytest.fixture
def connect_with(client_programs, prepared):
    """connect_with(client, server, address=.., tls=..): a connection of a client, closed when the test ends.
    What TLS needs is the client's matter only if it is to differ from what the server wants."""
    opened = []

    def connect(name, server, address=None, tls=None):
        # The third connection to a board would not fail but stall: better to be told.
        still_open = [c for c in opened if not c.closed]
        assert (
            len(still_open) < server.max_connections
        ), "the test opens more connections than the target takes"
        tls = tls or certs.client_options(server.secure)
        program = client_programs.start(name, server.app)
        opened.append(program.connect(address or server.address, tls))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def connect(client_name, connect_with):
    """connect(server): a connection of the client that the test runs with."""
    return lambda server, address=None, tls=None: connect_with(client_name, server, address, tls)


@pytest.fixture
def tap():
    """tap(server): a proxy in front of it that remembers all frames."""
    made = []

    def make(server):
        made.append(tap_module.Tap(server.port))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def relay():
    """relay(server): a proxy in front of it that understands nothing, counts connections and keeps first bytes."""
    made = []

    def make(server):
        made.append(tap_module.Relay(server.port))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(params=sorted(SERVICES))
def app(request):
    """The name of an application: a test that asks for it runs once for each."""
    return request.param
