"""A client of greet.Greeter (proto/greet.proto): one request, one reply.

python3 greeter_client.py localhost:50051
"""

import sys

import greet_pb2 as pb  # generated: see ../README.md
import greet_pb2_grpc
import grpc


def main(address):
    with grpc.insecure_channel(address) as channel:
        greeter = greet_pb2_grpc.GreeterStub(channel)
        reply = greeter.SayHello(pb.HelloRequest(name="gram"), timeout=10)
        print("SayHello:", reply.message)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
