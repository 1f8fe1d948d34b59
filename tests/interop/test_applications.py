"""Calls in which the client streams, and what else the applications promise, with every client and target."""

import pytest

from clients import INVALID_ARGUMENT, NOT_FOUND, OK, RESOURCE_EXHAUSTED
from targets import OURS

USER_SERVICE = "/user.UserService/"
TEST_SERVICE = "/grpc.testing.TestService/"


def wish(name):
    return {"name": name, "email": f"{name}@example.com", "age": 7, "hobbies": ["chess"]}


def total(connection):
    return connection.unary(USER_SERVICE + "ListUsers", {"limit": 1})["total"]


def test_users_one_by_one_and_in_batches(fresh, connect):
    connection = connect(fresh("users"))
    known = total(connection)
    created = connection.call(USER_SERVICE + "CreateBatchUsers", wish("Ann"), wish("Bob")).replies()
    assert [reply["message"] for reply in created] == ["2 users created"]
    assert connection.unary(USER_SERVICE + "GetUser", {"id": known + 2})["name"] == "Bob"

    wishes = [wish(name) for name in ("Cy", "Dee", "Zoë")]
    chat = connection.call(USER_SERVICE + "ChatWithUsers", *wishes).replies()
    assert [(user["id"], user["name"]) for user in chat] == [
        (known + 3, "Cy"),
        (known + 4, "Dee"),
        (known + 5, "Zoë"),
    ]
    assert all(user["status"] == "ACTIVE" and user["hobbies"] == ["chess"] for user in chat)

    # the first that cannot be created ends the call; those before it stay
    bad = {"name": "no email"}
    code, message = connection.call(USER_SERVICE + "CreateBatchUsers", wish("Eve"), bad, wish("Fay")).end()
    assert (code, message) == (INVALID_ARGUMENT, "email is missing")
    assert total(connection) == known + 6
    call = connection.call(USER_SERVICE + "ChatWithUsers", wish("Guy"), bad, wish("Hal"))
    assert call.next()["name"] == "Guy"
    assert call.end()[0] == INVALID_ARGUMENT
    assert total(connection) == known + 7

    code, message = connection.call(
        USER_SERVICE + "CreateBatchUsers", *[wish(f"user {n}") for n in range(20)]
    ).end()
    assert code == RESOURCE_EXHAUSTED
    assert "16" in message
    assert total(connection) == 16


def test_no_users_are_a_batch_too(users, connect):
    connection = connect(users)
    assert connection.call(USER_SERVICE + "CreateBatchUsers").replies() == [{"message": "0 users created"}]
    assert connection.call(USER_SERVICE + "ChatWithUsers").replies() == []


@pytest.mark.parametrize("count", [0, 1, 200])
def test_a_client_that_streams(streams, connect, count):
    values = [{"stream_data": f"größe {n}"} for n in range(count)]
    assert connect(streams).call("/proto.StreamClient/RouteList", *values).replies() == [{"value": "ok"}]


def test_conversations(streams, connect):
    connection = connect(streams)
    for count in (1, 50):  # the count begins anew in each call
        questions = [f"why {n}?" for n in range(count)]
        asked = [{"question": question} for question in questions]
        replies = connection.call("/proto.Stream/Conversations", *asked).replies()
        assert [reply["answer"] for reply in replies] == [
            f"from stream server answer: the {n} question is {q}" for n, q in enumerate(questions, 1)
        ]


def test_conversations_at_once_do_not_mix(streams, connect):
    connection = connect(streams)
    questions = [[{"question": f"{word} {n}"} for n in range(10)] for word in ("who", "what")]
    calls = [connection.call("/proto.Stream/Conversations", *asked) for asked in questions]
    for asked, call in zip(questions, calls):
        assert [reply["answer"] for reply in call.replies()] == [
            f"from stream server answer: the {n} question is {q['question']}" for n, q in enumerate(asked, 1)
        ]


def test_example(example, connect):
    connection = connect(example)
    user = connection.unary("/example.UserService/GetUser", {"id": "1"})
    assert user == {"id": "1", "name": "Alice", "age": 30}
    error = connection.fails("/example.UserService/GetUser", {"id": "x"})
    assert (error.code, error.message) == (NOT_FOUND, "no user with id 'x'")
    check = "/example.FileService/CheckFile"
    assert connection.unary(check, {"filename": "index.html"}) == {"exists": True, "size": "57"}
    assert connection.unary(check, {"filename": "empty.log"}) == {"exists": True}
    assert connection.unary(check, {"filename": "Index.html"}) == {}
    senders = ["Ann", "世界", ""]
    replies = connection.call(
        "/example.ChatService/Chat", *[{"sender": s, "content": "hi"} for s in senders]
    ).replies()
    assert replies == [{"sender": "Server", "content": f"Hello, {s}!"} for s in senders]


def sizes(replies):
    """Of bodies in base64, as JSON has them."""
    texts = [reply["payload"].get("body", "") for reply in replies]
    return [len(text) // 4 * 3 - text.count("=") for text in texts]


@pytest.mark.parametrize("method", ["UnaryCall", "CacheableUnaryCall"])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 20_000])
def test_a_reply_of_any_size(interop, target, connect, method, size):
    if target.name == "reference" and (method != "UnaryCall" or size == 0):
        return  # grpc-go's server has no CacheableUnaryCall, and refuses to say nothing
    assert sizes([connect(interop).unary(TEST_SERVICE + method, {"response_size": size})]) == [size]


@pytest.mark.targets(*OURS)
def test_what_the_interop_service_refuses(interop, connect):
    connection = connect(interop)
    for method, request in (
        ("UnaryCall", {"response_size": -1}),
        ("UnaryCall", {"response_status": {"code": 17}}),
        ("UnaryCall", {"response_status": {"code": -1}}),
        ("StreamingOutputCall", {"response_parameters": [{"size": 1}, {"size": -1}]}),
    ):
        assert connection.fails(TEST_SERVICE + method, request).code == INVALID_ARGUMENT, (method, request)
    nine = {"response_parameters": [{"size": 1}] * 9}
    assert connection.fails(TEST_SERVICE + "StreamingOutputCall", nine).code == INVALID_ARGUMENT
    five = {"response_parameters": [{"size": 1}] * 5}
    error = connection.call(TEST_SERVICE + "HalfDuplexCall", five, five).end()
    assert error[0] == RESOURCE_EXHAUSTED


def test_a_request_leaves_nothing_to_the_next(interop, connect):
    connection = connect(interop)
    for payload, sum_of_sizes in (({"body": "A" * 136}, 102), ({}, 0)):
        replies = connection.call(TEST_SERVICE + "StreamingInputCall", {"payload": payload}).replies()
        assert [reply.get("aggregated_payload_size", 0) for reply in replies] == [sum_of_sizes]


def test_half_duplex_replies_when_all_has_come(interop, connect):
    wishes = [{"response_parameters": [{"size": size}]} for size in (3, 70, 2000)]
    call = connect(interop).call(TEST_SERVICE + "HalfDuplexCall", *wishes)
    assert sizes(call.replies()) == [3, 70, 2000]


def test_pauses_between_replies(interop, connect):
    pauses = {"response_parameters": [{"size": 1}, {"size": 2, "interval_us": 300_000}]}
    call = connect(interop).call(TEST_SERVICE + "StreamingOutputCall", pauses)
    assert sizes([call.next()]) == [1]
    first = call.elapsed()
    assert sizes([call.next()]) == [2]
    assert call.elapsed() - first > 0.25
    assert call.end()[0] == OK
