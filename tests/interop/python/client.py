"""The grpcio client of the interop tests: takes commands on standard input and reports on standard output,
one JSON object a line, as tests/interop/clients.py describes. It knows no service: messages are made from the
file descriptor set that is its only argument, so one program serves every application."""

import base64
import json
import queue
import sys
import threading
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2  # noqa: F401: json_format finds details by their names
from grpc.experimental.session_cache import ssl_session_cache_lru
from grpc_status import rpc_status

# Each connection is to be one of its own: channels to the same target would share one.
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


class Program:
    def __init__(self, descriptor_set):
        self.pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        with open(descriptor_set, "rb") as f:
            files.ParseFromString(f.read())
        for file in files.file:
            self.pool.Add(file)
        self.lock = threading.Lock()  # guards standard output
        self.channels = {}
        self.calls = {}
        self.sessions = ssl_session_cache_lru(8)
        self.inputs = {}  # by call id: (class, queue) of an open call's requests still to come, None the last

    def report(self, **what):
        with self.lock:
            print(json.dumps(what), flush=True)

    def do(self, c):
        op = c["op"]
        if op == "connect":
            threading.Thread(target=self.connect, args=(c,), daemon=True).start()
        elif op == "close":
            channel = self.channels.pop(c["conn"], None)
            if channel:
                channel.close()
            self.report(conn=c["conn"], state="closed")
        elif op == "call":
            self.start(c)
        elif op == "cancel":
            self.calls[c["id"]].cancel()
        elif op == "send":
            request_class, requests = self.inputs[c["id"]]
            requests.put(json_format.ParseDict(c["request"], request_class()))
        elif op == "finish":
            self.inputs.pop(c["id"])[1].put(None)

    def channel(self, target, tls, more):
        options = [*OWN_CONNECTION, *((key, value) for key, value in more)]
        if not tls:
            return grpc.insecure_channel(target, options=options)
        ca, key, cert = (Path(tls[what]).read_bytes() if what in tls else None for what in ("ca", "key", "cert"))
        if "name" in tls:
            options.append(("grpc.ssl_target_name_override", tls["name"]))
        if tls.get("resume"):
            options.append(("grpc.ssl_session_cache", self.sessions))
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(ca, key, cert), options=options)

    def connect(self, c):
        channel = self.channel(c["target"], c.get("tls"), c.get("options", []))
        try:
            grpc.channel_ready_future(channel).result(timeout=c["deadline"])
        except grpc.FutureTimeoutError:
            channel.close()
            self.report(conn=c["conn"], state="not ready in time")
            return
        self.channels[c["conn"]] = channel
        self.report(conn=c["conn"], state="ready")

    def start(self, c):
        method = self.pool.FindMethodByName(c["path"].strip("/").replace("/", "."))
        request_class = message_factory.GetMessageClass(method.input_type)
        reply_class = message_factory.GetMessageClass(method.output_type)
        requests = [json_format.ParseDict(r, request_class()) for r in c["requests"]]
        kind = ("stream_" if method.client_streaming else "unary_") + (
            "stream" if method.server_streaming else "unary"
        )
        stub = getattr(self.channels[c["conn"]], kind)(
            c["path"],
            request_serializer=request_class.SerializeToString,
            response_deserializer=reply_class.FromString,
        )
        metadata = [
            (k, base64.b64decode(v) if k.endswith("-bin") else v) for k, v in c.get("metadata") or []
        ]
        args = {"timeout": c.get("deadline"), "metadata": metadata}
        what = self.stream(c, request_class, requests) if method.client_streaming else requests[0]
        call = stub(what, **args) if method.server_streaming else stub.future(what, **args)
        self.calls[c["id"]] = call
        threading.Thread(
            target=self.follow, args=(c["id"], call, method.server_streaming), daemon=True
        ).start()

    def stream(self, c, request_class, requests):
        more = queue.Queue()
        for request in [*requests, None] if not c.get("open") else requests:
            more.put(request)
        if c.get("open"):
            self.inputs[c["id"]] = request_class, more
        return iter(more.get, None)

    def follow(self, id, call, many):
        try:
            for reply in call if many else [call.result()]:
                self.report(id=id, reply=json_format.MessageToDict(reply, preserving_proto_field_name=True))
        except (grpc.RpcError, grpc.FutureCancelledError):
            pass  # the status below says it
        end = {"code": call.code().value[0], "message": call.details() or ""}
        status = rpc_status.from_call(call)
        if status:
            end["details"] = [json_format.MessageToDict(detail) for detail in status.details]
        end["headers"] = by_key(call.initial_metadata())
        end["trailers"] = by_key(call.trailing_metadata())
        self.report(id=id, end=end)


def by_key(metadata):
    found = {}
    for key, value in metadata or []:
        text = base64.b64encode(value).decode() if key.endswith("-bin") else value
        found.setdefault(key, []).append(text)
    return found


def main():
    program = Program(sys.argv[1])
    for line in sys.stdin:
        program.do(json.loads(line))


main()
