"""A client of user.UserService with AUTH=1: tokens, what the response's headers say, and errors that a program can read.

python3 users_auth_client.py localhost:50051
"""

import sys

import grpc
import users_pb2 as pb  # generated: see ../README.md
import users_pb2_grpc
from google.rpc.error_details_pb2 import BadRequest
from grpc_status import rpc_status


def bearer(token):
    """Metadata of a call that brings a token. Over plaintext everyone on the way can read it."""
    return [("authorization", f"Bearer {token}")]


def main(address):
    with grpc.insecure_channel(address) as channel:
        users = users_pb2_grpc.UserServiceStub(channel)
        second = pb.GetUserRequest(id=2)

        try:
            users.GetUser(second, timeout=10)
        except grpc.RpcError as error:
            print("GetUser:", error.code().name, "-", error.details())

        # The request's id comes back in the headers, and stands in the device's log.
        with_id = [*bearer("reader-demo"), ("x-request-id", "my-call-1")]
        user, call = users.GetUser.with_call(second, timeout=10, metadata=with_id)
        headers = dict(call.initial_metadata())
        print("GetUser:", user.name)
        print("  x-request-id:", headers["x-request-id"])
        print("  server-version:", headers["server-version"])

        nobody = pb.CreateUserRequest(name="Eve")
        try:
            users.CreateUser(nobody, timeout=10, metadata=bearer("reader-demo"))
        except grpc.RpcError as error:
            print("CreateUser:", error.code().name, "-", error.details())

        try:
            users.CreateUser(nobody, timeout=10, metadata=bearer("admin-demo"))
        except grpc.RpcError as error:
            print("CreateUser:", error.code().name, "-", error.details())
            for detail in rpc_status.from_call(error).details:
                wrong = BadRequest()
                if detail.Unpack(wrong):
                    for violation in wrong.field_violations:
                        print(f"  {violation.field} {violation.description}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
