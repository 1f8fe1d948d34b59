// A client of greet.Greeter (proto/greet.proto): one request, one reply.
//
//	go run ./greeter localhost:50051
package main

import (
	"context"
	"fmt"
	"time"

	"example.com/clients/device"
	pb "example.com/clients/pb/greet" // generated: see ../../README.md
)

func main() {
	conn := device.Connect()
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	reply, err := pb.NewGreeterClient(conn).SayHello(ctx, &pb.HelloRequest{Name: "gram"})
	device.Check(err)
	fmt.Println("SayHello:", reply.Message)
}
