// A client of alarm.Alarm (proto/alarm.proto): answers that take their time, a deadline that is too short, and a stream that
// the client ends.
//
//	go run ./alarm localhost:50051
package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/clients/device"
	pb "example.com/clients/pb/alarm" // generated: see ../../README.md
)

func main() {
	conn := device.Connect()
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	alarm := pb.NewAlarmClient(conn)

	rung, err := alarm.Ring(ctx, &pb.RingRequest{AfterMs: 100})
	device.Check(err)
	fmt.Println("Ring: it waited long enough:", rung.WaitedMs >= 100)

	// A deadline travels with the call, to the device: it stops, too.
	hurry, enough := context.WithTimeout(ctx, 100*time.Millisecond)
	defer enough()
	_, err = alarm.Ring(hurry, &pb.RingRequest{AfterMs: 60000})
	fmt.Println("Ring:", status.Code(err))

	// Without a count it ticks until the client has enough and cancels the call.
	ticking, stop := context.WithCancel(ctx)
	ticks, err := alarm.Ticks(ticking, &pb.TicksRequest{EveryMs: 50})
	device.Check(err)
	for range 3 {
		tick, err := ticks.Recv()
		device.Check(err)
		fmt.Println("Ticks:", tick.Number)
	}
	stop()
	for err == nil { // what was on its way
		_, err = ticks.Recv()
	}
	fmt.Println("Ticks: cancelled by the client:", status.Code(err) == codes.Canceled)
}
