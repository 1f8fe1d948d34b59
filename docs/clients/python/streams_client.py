"""A client of proto.StreamServer, StreamClient and Stream (proto/streams.proto): the three kinds of stream.

python3 streams_client.py localhost:50051
"""

import queue
import sys

import grpc
import streams_pb2 as pb  # generated: see ../README.md
import streams_pb2_grpc


def main(address):
    with grpc.insecure_channel(address) as channel:
        # One request, many replies.
        server = streams_pb2_grpc.StreamServerStub(channel)
        for reply in server.ListValue(pb.SimpleRequest(data="value "), timeout=10):
            print("ListValue:", reply.stream_value)

        # Many requests, one reply.
        client = streams_pb2_grpc.StreamClientStub(channel)
        words = (pb.StreamRequest(stream_data=data) for data in ("one", "two", "three"))
        reply = client.RouteList(words, timeout=10)
        print("RouteList:", reply.code, reply.value)

        # Requests and replies as they come. Here each reply is waited for before the next request.
        requests = queue.Queue()
        replies = streams_pb2_grpc.StreamStub(channel).Conversations(iter(requests.get, None), timeout=10)
        for question in ("who", "why"):
            requests.put(pb.ConversationRequest(question=question))
            print("Conversations:", next(replies).answer)
        requests.put(None)  # ends the iterator, and with it the call
        assert list(replies) == []


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
