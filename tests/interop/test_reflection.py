"""Server reflection, v1 and v1alpha, question by question.

The messages of both versions are the same but for the package, so the stubs that Python's users have for
v1alpha serve for v1 as well. What comes back is compared with what protoc makes of the .proto files."""

import queue

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2

import clients
from apps import check_services, descriptor_set
from targets import OURS

NOT_FOUND = 5


def without_json_names(file):
    """A server may leave them out where they are what the field's name makes of itself."""
    waiting = list(file.message_type)
    while waiting:
        message = waiting.pop()
        waiting += message.nested_type
        for field in message.field:
            field.ClearField("json_name")
    return file


class Reflection:
    """A stream of questions that stays open; each is answered before the next is asked."""

    def __init__(self, channel, version):
        self.questions = queue.Queue()
        self.answers = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )(iter(self.questions.get, None), timeout=20)

    def ask(self, **question):
        request = reflection_pb2.ServerReflectionRequest(host="a.host", **question)
        self.questions.put(request)
        answer = next(self.answers)
        assert answer.original_request == request
        assert answer.valid_host == "a.host"
        return answer

    def files(self, **question):
        answer = self.ask(**question)
        assert answer.WhichOneof("message_response") == "file_descriptor_response", answer
        return [
            without_json_names(descriptor_pb2.FileDescriptorProto.FromString(encoded))
            for encoded in answer.file_descriptor_response.file_descriptor_proto
        ]

    def error(self, **question):
        answer = self.ask(**question)
        assert answer.WhichOneof("message_response") == "error_response", answer
        return answer.error_response

    def end(self):
        """Half-closes; the server then ends the stream with OK."""
        self.questions.put(None)
        assert list(self.answers) == []
        assert self.answers.code() == grpc.StatusCode.OK


@pytest.fixture(params=["v1", "v1alpha"])
def version(request):
    return request.param


@pytest.fixture
def open_reflection(version):
    channels = []

    def open_on(server):
        channels.append(clients.grpcio_channel(server))
        return Reflection(channels[-1], version)

    yield open_on
    for channel in channels:
        channel.close()


def expected_files(app):
    """By name, as protoc describes them."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set(app).read_bytes())
    return {file.name: without_json_names(file) for file in files.file}


def test_services(target, app, open_reflection):
    reflection = open_reflection(target.server(app))
    answer = reflection.ask(list_services="*").list_services_response
    check_services(app, [service.name for service in answer.service])
    reflection.end()


def test_files_by_name(target, app, open_reflection):
    reflection = open_reflection(target.server(app))
    for name, expected in expected_files(app).items():
        first, *imports = reflection.files(file_by_filename=name)
        assert first == expected
        assert {file.name for file in imports} <= set(expected_files(app))
    reflection.end()


SYMBOLS = {
    "service": "user.UserService",
    "method": "user.UserService.GetUser",
    "message": "user.CreateUserRequest",
    "field": "user.User.hobbies",
    "enum": "user.UserStatus",
    "enum value": "user.SUSPENDED",
}


@pytest.mark.parametrize("symbol", SYMBOLS.values(), ids=SYMBOLS.keys())
def test_file_of_a_symbol(users, open_reflection, symbol):
    reflection = open_reflection(users)
    assert reflection.files(file_containing_symbol=symbol)[0] == expected_files("users")["users.proto"]
    reflection.end()


@pytest.mark.targets(*OURS)
def test_a_leading_dot(users, open_reflection):
    """Not every server takes it (grpc-go does not), ours must: a client may name a type as descriptors do."""
    reflection = open_reflection(users)
    assert reflection.files(file_containing_symbol=".user.User")[0].name == "users.proto"
    reflection.end()


def test_symbols_of_the_other_services(users, open_reflection):
    reflection = open_reflection(users)
    for symbol in (
        "grpc.health.v1.Health",
        "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflectionRequest",
    ):
        package = symbol.split(".")[2]
        assert package in reflection.files(file_containing_symbol=symbol)[0].package.split(".")
    reflection.end()


@pytest.mark.parametrize(
    "question",
    [
        {"file_containing_symbol": "user.NoSuch"},
        {"file_containing_symbol": "user.UserService.NoSuch"},
        {"file_containing_symbol": "user"},
        {"file_containing_symbol": "user.UserServic"},
        {"file_containing_symbol": "user.UserService."},
        {"file_containing_symbol": ""},
        {"file_by_filename": "nosuch.proto"},
        {"file_by_filename": ""},
        {"file_by_filename": "users.prot"},
        {"all_extension_numbers_of_type": "user.NoSuch"},
        {"file_containing_extension": {"containing_type": "user.User", "extension_number": 4}},
    ],
    ids=lambda question: " ".join(map(str, next(iter(question.items())))),
)
def test_not_found(users, open_reflection, question):
    reflection = open_reflection(users)
    error = reflection.error(**question)
    assert error.error_code == NOT_FOUND
    assert error.error_message
    # The stream goes on.
    assert reflection.files(file_by_filename="users.proto")[0].name == "users.proto"
    reflection.end()


def test_two_streams_at_once(users, open_reflection):
    with clients.grpcio_channel(users) as channel:
        one, two = Reflection(channel, "v1"), Reflection(channel, "v1alpha")
        for _ in range(5):
            assert one.files(file_by_filename="users.proto") == two.files(file_by_filename="users.proto")
        two.end()
        one.end()
