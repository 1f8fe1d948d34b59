"""A client of example.UserService, FileService and ChatService (proto/example.proto): three services on one connection.

python3 example_client.py localhost:50051
"""

import queue
import sys

import example_pb2 as pb  # generated: see ../README.md
import example_pb2_grpc
import grpc


def main(address):
    with grpc.insecure_channel(address) as channel:
        users = example_pb2_grpc.UserServiceStub(channel)
        user = users.GetUser(pb.UserRequest(id="1"), timeout=10)
        print("GetUser:", user.name, user.age)
        try:
            users.GetUser(pb.UserRequest(id="99"), timeout=10)
        except grpc.RpcError as error:
            print("GetUser:", error.code().name, "-", error.details())

        files = example_pb2_grpc.FileServiceStub(channel)
        for name in ("settings.ini", "nowhere.txt"):
            file = files.CheckFile(pb.FileRequest(filename=name), timeout=10)
            if file.exists:
                print("CheckFile:", name, "has", file.size, "bytes")
            else:
                print("CheckFile: there is no", name)

        requests = queue.Queue()
        replies = example_pb2_grpc.ChatServiceStub(channel).Chat(iter(requests.get, None), timeout=10)
        for sender in ("Ann", "Ben"):
            requests.put(pb.ChatMessage(sender=sender, content="hello"))
            reply = next(replies)
            print("Chat:", reply.sender, "says", reply.content)
        requests.put(None)  # ends the iterator, and with it the call
        assert list(replies) == []


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
