"""Rich errors: what a program can act on beside the status, as each client's own library hands it out."""

import pytest

from clients import INVALID_ARGUMENT, NOT_FOUND
from targets import OURS

USER_SERVICE = "/user.UserService/"
TYPE = "type.googleapis.com/google.rpc."
EMPTY = "must not be empty"

pytestmark = pytest.mark.targets(*OURS)


def bad_request(**fields):
    violations = [{"field": name, "description": text} for name, text in fields.items()]
    return {"@type": TYPE + "BadRequest", "fieldViolations": violations}


@pytest.mark.parametrize("method", ["CreateUser", "CreateBatchUsers", "ChatWithUsers"])
def test_bad_request(users, connect, method):
    connection = connect(users)
    error = connection.fails(USER_SERVICE + method, {"name": "Ann"})
    assert (error.code, error.message) == (INVALID_ARGUMENT, "email is missing")
    assert error.details == [bad_request(email=EMPTY)]
    error = connection.fails(USER_SERVICE + method, {})
    assert (error.code, error.message) == (INVALID_ARGUMENT, "name is missing")
    assert error.details == [bad_request(name=EMPTY, email=EMPTY)]


def test_not_found(users, connect):
    connection = connect(users)
    for number in (4711, 2**31 - 1):
        error = connection.fails(USER_SERVICE + "GetUser", {"id": number})
        assert (error.code, error.message) == (NOT_FOUND, f"no user with id {number}")
        assert error.details == [
            {"@type": TYPE + "ResourceInfo", "resourceType": "user.User", "resourceName": str(number)}
        ]


def test_none(users, connect):
    error = connect(users).fails(USER_SERVICE + "GetUser", {"id": -1})
    assert (error.code, error.details) == (INVALID_ARGUMENT, [])
