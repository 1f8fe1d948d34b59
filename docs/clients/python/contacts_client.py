"""A client of user.User (proto/contacts.proto): one contact, one that is not there, all of them.

python3 contacts_client.py localhost:50051
"""

import sys

import contacts_pb2 as pb  # generated: see ../README.md
import contacts_pb2_grpc
import grpc


def main(address):
    with grpc.insecure_channel(address) as channel:
        contacts = contacts_pb2_grpc.UserStub(channel)

        # A field that is a message may be absent.
        for number in ("1", "99"):
            found = contacts.GetUser(pb.GetUserRequest(user_id=number), timeout=10)
            if found.HasField("user_message"):
                print("GetUser:", found.user_message.name, found.user_message.phone_number)
            else:
                print("GetUser: nobody has", number)

        for one in contacts.ListUsers(pb.ListUsersRequest(), timeout=10).user_messages:
            print("ListUsers:", one.name, one.age)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
