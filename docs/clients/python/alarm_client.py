"""A client of alarm.Alarm (proto/alarm.proto): answers that take their time, a deadline that is too short, and a stream that
the client ends.

python3 alarm_client.py localhost:50051
"""

import sys

import alarm_pb2 as pb  # generated: see ../README.md
import alarm_pb2_grpc
import grpc


def main(address):
    with grpc.insecure_channel(address) as channel:
        alarm = alarm_pb2_grpc.AlarmStub(channel)

        rung = alarm.Ring(pb.RingRequest(after_ms=100), timeout=10)
        print("Ring: it waited long enough:", str(rung.waited_ms >= 100).lower())

        # A deadline travels with the call, to the device: it stops, too.
        try:
            alarm.Ring(pb.RingRequest(after_ms=60000), timeout=0.1)
        except grpc.RpcError as error:
            print("Ring:", error.code().name)

        # Without a count it ticks until the client has enough and cancels the call.
        ticks = alarm.Ticks(pb.TicksRequest(every_ms=50), timeout=10)
        for _ in range(3):
            print("Ticks:", next(ticks).number)
        ticks.cancel()
        print("Ticks: cancelled by the client:", str(ticks.cancelled()).lower())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:50051")
