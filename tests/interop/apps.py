"""What the tests know of the applications: their .proto files and services."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROTO = ROOT / "proto"

PROTOS = {
    "greeter": ["greet.proto", "greeter.proto"],
    "contacts": ["contacts.proto"],
    "users": ["users.proto"],
    "users-auth": ["users.proto"],
    "streams": ["streams.proto"],
    "example": ["example.proto"],
    "interop": ["grpc/testing/test.proto"],
    "alarm": ["alarm.proto"],
}



def make_arguments(app):
    """What make builds it by: users-auth is users with AUTH=1."""
    return [f"APP={app.removesuffix('-auth')}", *(["AUTH=1"] if app.endswith("-auth") else [])]


# Linked into every one of them.
COMMON_PROTOS = [
    "grpc/health/v1/health.proto",
    "grpc/reflection/v1/reflection.proto",
    "grpc/reflection/v1alpha/reflection.proto",
]
COMMON_SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
]

SERVICES = {
    "greeter": ["greet.Greeter", "proto.Greeter"],
    "contacts": ["user.User"],
    "users": ["user.UserService"],
    "users-auth": ["user.UserService"],
    "streams": ["proto.StreamServer", "proto.StreamClient", "proto.Stream"],
    "example": ["example.UserService", "example.FileService", "example.ChatService"],
    "interop": ["grpc.testing.TestService"],
    "alarm": ["alarm.Alarm"],
}

CONTACTS = [
    {"user_id": "1", "name": "Henry", "phone_number": "01012341234", "age": 22},
    {"user_id": "2", "name": "Michael", "phone_number": "01098128734", "age": 55},
    {"user_id": "3", "name": "Jessie", "phone_number": "01056785678", "age": 15},
    {"user_id": "4", "name": "Max", "phone_number": "01099999999", "age": 37},
    {"user_id": "5", "name": "Tony", "phone_number": "01012344321", "age": 25},
]


def descriptor_set(app):
    """The file descriptor set that prepare.py makes of an application's .proto files."""
    return BUILD / "interop" / f"{app}.binpb"


def check_services(app, listed):
    """Sees that a list of services is what the application promises, each once."""
    assert sorted(listed) == sorted([*SERVICES[app], *COMMON_SERVICES])
