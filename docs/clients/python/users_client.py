"""A client of user.UserService (proto/users.proto): its six methods, each once, and what an error looks like.

python3 users_client.py localhost:50051
"""

import queue
import sys

import grpc
import users_pb2 as pb  # generated: see ../README.md
import users_pb2_grpc


def person(name):
    return pb.CreateUserRequest(name=name, email=f"{name}@example.com")


def main(address):
    with grpc.insecure_channel(address) as channel:
        users = users_pb2_grpc.UserServiceStub(channel)

        # One request, one reply. A deadline travels with the call, to the device: it stops, too.
        wish = pb.CreateUserRequest(name="Grace", email="grace@example.com", age=46, hobbies=["compilers"])
        created = users.CreateUser(wish, timeout=10)
        print("CreateUser:", created.message)

        user = users.GetUser(pb.GetUserRequest(id=created.user.id), timeout=10)
        print("GetUser:", user.name, pb.UserStatus.Name(user.status))

        try:
            users.GetUser(pb.GetUserRequest(id=99), timeout=10)
        except grpc.RpcError as error:
            print("GetUser:", error.code().name, "-", error.details())

        page = users.ListUsers(pb.ListUsersRequest(page=0, limit=2), timeout=10)
        print("ListUsers:", len(page.users), "of", page.total)

        # One request, many replies.
        for user in users.StreamUsers(pb.StreamUsersRequest(delay_seconds=0), timeout=10):
            print("StreamUsers:", user.id, user.name)

        # Many requests, one reply.
        reply = users.CreateBatchUsers((person(name) for name in ("Linus", "Margaret")), timeout=10)
        print("CreateBatchUsers:", reply.message)

        # Requests and replies as they come. Here each reply is waited for before the next request.
        requests = queue.Queue()
        replies = users.ChatWithUsers(iter(requests.get, None), timeout=10)
        for name in ("Barbara", "Dennis"):
            requests.put(person(name))
            user = next(replies)
            print("ChatWithUsers:", user.id, user.name)
        requests.put(None)  # ends the iterator, and with it the call
        assert list(replies) == []


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
