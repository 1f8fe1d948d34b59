// A client of example.UserService, FileService and ChatService (proto/example.proto): three services on one connection.
//
//	go run ./example localhost:50051
package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"example.com/clients/device"
	pb "example.com/clients/pb/example" // generated: see ../../README.md
)

func main() {
	conn := device.Connect()
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	users := pb.NewUserServiceClient(conn)
	user, err := users.GetUser(ctx, &pb.UserRequest{Id: "1"})
	device.Check(err)
	fmt.Println("GetUser:", user.Name, user.Age)
	_, err = users.GetUser(ctx, &pb.UserRequest{Id: "99"})
	fmt.Println("GetUser:", status.Code(err), "-", status.Convert(err).Message())

	for _, name := range []string{"settings.ini", "nowhere.txt"} {
		file, err := pb.NewFileServiceClient(conn).CheckFile(ctx, &pb.FileRequest{Filename: name})
		device.Check(err)
		if file.Exists {
			fmt.Println("CheckFile:", name, "has", file.Size, "bytes")
		} else {
			fmt.Println("CheckFile: there is no", name)
		}
	}

	chat(ctx, conn)
}

func chat(ctx context.Context, conn *grpc.ClientConn) {
	stream, err := pb.NewChatServiceClient(conn).Chat(ctx)
	device.Check(err)
	for _, sender := range []string{"Ann", "Ben"} {
		device.Check(stream.Send(&pb.ChatMessage{Sender: sender, Content: "hello"}))
		reply, err := stream.Recv()
		device.Check(err)
		fmt.Println("Chat:", reply.Sender, "says", reply.Content)
	}
	device.Check(stream.CloseSend())
	if _, err := stream.Recv(); err != io.EOF {
		device.Check(err)
	}
}
