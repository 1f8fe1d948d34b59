// A client of proto.StreamServer, StreamClient and Stream (proto/streams.proto): the three kinds of stream.
//
//	go run ./streams localhost:50051
package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"example.com/clients/device"
	pb "example.com/clients/pb/streams" // generated: see ../../README.md
)

func main() {
	conn := device.Connect()
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	listValue(ctx, conn)
	routeList(ctx, conn)
	conversations(ctx, conn)
}

// listValue: one request, many replies. io.EOF says that there are no more.
func listValue(ctx context.Context, conn *grpc.ClientConn) {
	stream, err := pb.NewStreamServerClient(conn).ListValue(ctx, &pb.SimpleRequest{Data: "value "})
	device.Check(err)
	for {
		reply, err := stream.Recv()
		if err == io.EOF {
			return
		}
		device.Check(err)
		fmt.Println("ListValue:", reply.StreamValue)
	}
}

// routeList: many requests, one reply.
func routeList(ctx context.Context, conn *grpc.ClientConn) {
	stream, err := pb.NewStreamClientClient(conn).RouteList(ctx)
	device.Check(err)
	for _, data := range []string{"one", "two", "three"} {
		err := stream.Send(&pb.StreamRequest{StreamData: data})
		if err == io.EOF {
			break // the server has ended the call: CloseAndRecv says why
		}
		device.Check(err)
	}
	reply, err := stream.CloseAndRecv()
	device.Check(err)
	fmt.Println("RouteList:", reply.Code, reply.Value)
}

// conversations: requests and replies as they come. Here each reply is waited for before the next request.
func conversations(ctx context.Context, conn *grpc.ClientConn) {
	stream, err := pb.NewStreamClient(conn).Conversations(ctx)
	device.Check(err)
	for _, question := range []string{"who", "why"} {
		device.Check(stream.Send(&pb.ConversationRequest{Question: question}))
		reply, err := stream.Recv()
		device.Check(err)
		fmt.Println("Conversations:", reply.Answer)
	}
	device.Check(stream.CloseSend())
	if _, err := stream.Recv(); err != io.EOF {
		device.Check(err)
	}
}
