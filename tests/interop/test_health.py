"""grpc.health.v1.Health: with every client, and with the stubs that Python's users have."""

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import clients
from apps import SERVICES
from clients import CANCELLED, NOT_FOUND

HEALTH = "/grpc.health.v1.Health/"


def test_check(target, app, connect_with):
    connection = connect_with("go", target.server(app))
    for service in ["", *SERVICES[app]]:
        assert connection.unary(HEALTH + "Check", {"service": service}) == {"status": "SERVING"}
    assert connection.fails(HEALTH + "Check", {"service": "no.Such"}).code == NOT_FOUND


def test_check_with_every_client(greeter, connect):
    connection = connect(greeter)
    assert connection.unary(HEALTH + "Check", {}) == {"status": "SERVING"}
    assert connection.fails(HEALTH + "Check", {"service": "no.Such"}).code == NOT_FOUND


def test_list(greeter, connect):
    statuses = connect(greeter).unary(HEALTH + "List", {})["statuses"]
    assert {name: status["status"] for name, status in statuses.items() if not name.startswith("grpc.")} == {
        "": "SERVING",
        "greet.Greeter": "SERVING",
        "proto.Greeter": "SERVING",
    }


@pytest.mark.parametrize(
    "service, status",
    [("", "SERVING"), ("greet.Greeter", "SERVING"), ("no.Such", "SERVICE_UNKNOWN")],
    ids=["server", "service", "unknown"],
)
def test_watch_says_the_state_at_once_and_stays_open(greeter, connect, service, status):
    connection = connect(greeter)
    call = connection.call(HEALTH + "Watch", {"service": service})
    assert call.next() == {"status": status}
    assert connection.unary(HEALTH + "Check", {}) == {"status": "SERVING"}
    with pytest.raises(AssertionError, match="reported nothing"):
        call.next(timeout=0.5)
    call.cancel()
    assert call.end()[0] == CANCELLED


def test_with_stock_stubs(greeter):
    with clients.grpcio_channel(greeter) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert (
            stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status
            == health_pb2.HealthCheckResponse.SERVING
        )
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="no.Such"), timeout=5)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        watch.cancel()
