"""users with AUTH=1: who is let in, who may do what, how often, and what is written down."""

import re
import time

import pytest

from clients import INVALID_ARGUMENT, OK, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED
from targets import OURS
from test_grpcurl import call as grpcurl_call
from test_grpcurl import grpcurl

USER_SERVICE = "/user.UserService/"
READER = [["authorization", "Bearer reader-demo"]]
ADMIN = [["authorization", "Bearer admin-demo"]]

pytestmark = pytest.mark.targets(*OURS)


def test_without_a_token(users_auth, connect):
    connection = connect(users_auth)
    for method in ("GetUser", "CreateBatchUsers", "StreamUsers", "ChatWithUsers"):
        error = connection.fails(USER_SERVICE + method, {})
        assert (error.code, error.message) == (UNAUTHENTICATED, "no authorization")


@pytest.mark.parametrize(
    "values, text",
    [
        (["Bearer reader-dem"], "unknown token"),
        (["Bearer reader-demo0"], "unknown token"),
        (["Bearer Reader-demo"], "unknown token"),
        (["Basic reader-demo"], "authorization: not 'Bearer TOKEN'"),
        (["reader-demo"], "authorization: not 'Bearer TOKEN'"),
        (["Bearer reader-demo", "Bearer reader-demo"], "authorization twice"),
    ],
)
def test_with_a_wrong_token(users_auth, client_name, connect, values, text):
    if client_name == "node" and len(values) > 1:
        return  # Node's own HTTP/2 refuses to send this field twice
    wrong = [["authorization", value] for value in values]
    connection = connect(users_auth)
    for _ in range(3):  # clients index what they send again
        error = connection.fails(USER_SERVICE + "GetUser", {"id": 1}, metadata=wrong)
        assert (error.code, error.message) == (UNAUTHENTICATED, text)


def test_roles(users_auth, connect):
    connection = connect(users_auth)
    for _ in range(3):
        assert connection.unary(USER_SERVICE + "GetUser", {"id": 1}, metadata=READER)["name"] == "Ada"
        assert connection.unary(USER_SERVICE + "GetUser", {"id": 1}, metadata=ADMIN)["name"] == "Ada"
        assert len(connection.stream(USER_SERVICE + "StreamUsers", {}, metadata=READER)) >= 3
        for method in ("CreateUser", "CreateBatchUsers", "ChatWithUsers"):
            error = connection.fails(USER_SERVICE + method, {}, metadata=READER)
            assert error.code == PERMISSION_DENIED
            assert error.message == f"not allowed: {USER_SERVICE}{method}"
            error = connection.fails(USER_SERVICE + method, {}, metadata=ADMIN)
            assert (error.code, error.message) == (INVALID_ARGUMENT, "name is missing")
            assert error.details[0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"


@pytest.mark.kinds("mtls")
@pytest.mark.targets("sim", "mps2-an385")
def test_roles_over_mutual_tls(users_auth, connect):
    test_roles(users_auth, connect)


def test_health_needs_no_token(users_auth, connect):
    assert connect(users_auth).unary("/grpc.health.v1.Health/Check", {}) == {"status": "SERVING"}


def test_limit(users_auth, connect):
    """As many pages at once as there may be; then RetryInfo says when, and that is so."""
    connection = connect(users_auth)

    def page():
        call = connection.call(USER_SERVICE + "ListUsers", {"limit": 1}, metadata=ADMIN)
        try:
            return OK, call.replies()
        except Exception as error:
            return error.code, error

    for _ in range(10):
        code, error = page()
        if code != OK:
            break
    assert code == RESOURCE_EXHAUSTED
    wait = int(re.fullmatch(r"too many calls: try again in (\d+) ms", error.message)[1])
    assert 0 < wait <= 1000
    [retry] = error.details
    assert retry["@type"] == "type.googleapis.com/google.rpc.RetryInfo"
    assert round(float(retry["retryDelay"].removesuffix("s")) * 1000) == wait
    time.sleep(wait / 1000)
    assert page()[0] == OK


def test_audit(users_auth, connect):
    since = len(users_auth.output)
    who = [["user-id", "ann of accounting"], ["x-request-id", "request-17"]]
    connect(users_auth).unary(USER_SERVICE + "GetUser", {"id": 2}, metadata=[*READER, *who])
    users_auth.wait_for_line(
        r"^audit: ann\?of\?accounting /user.UserService/GetUser OK \d+ ms token reader id request-17$", since
    )
    connect(users_auth).fails(USER_SERVICE + "GetUser", {"id": 2})
    users_auth.wait_for_line(
        r"^audit: - /user.UserService/GetUser UNAUTHENTICATED \d+ ms token - id 00000000-[0-9a-f]{8}$", since
    )


def test_grpcurl(users_auth):
    """As a person tries it; reflection is open."""
    get = "user.UserService/GetUser"
    assert "user.UserService" in grpcurl(users_auth, "list").split()
    reader, admin = (["-H", f"authorization: Bearer {who}-demo"] for who in ("reader", "admin"))
    assert grpcurl_call(users_auth, get, {"id": 1}, reader)[0]["name"] == "Ada"
    assert "Code: Unauthenticated" in grpcurl_call(users_auth, get, {"id": 1}, fails=True)
    create = "user.UserService/CreateUser"
    assert "Code: PermissionDenied" in grpcurl_call(users_auth, create, {}, reader, fails=True)
    text = grpcurl_call(users_auth, create, {}, admin, fails=True)
    assert "Code: InvalidArgument" in text and "google.rpc.BadRequest" in text
    verbose = [*reader, "-v", "-d", '{"id": 1}', "-H", "x-request-id: one"]
    headers = grpcurl(users_auth, get, options=verbose).split("Response headers received:")[1]
    assert "server-version: users 1.0\n" in headers and "x-request-id: one\n" in headers


def test_it_says_that_its_tokens_are_known(users_auth):
    assert any("DEMO TOKENS, known to everyone; never ship them" in line for line in users_auth.output)
