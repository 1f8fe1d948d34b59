// A client of user.UserService (proto/users.proto): each of its six methods once, and what an error looks like.
//
//	go run ./users localhost:50051
package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/status"

	"example.com/clients/device"
	pb "example.com/clients/pb/users" // generated: see ../../README.md
)

func main() {
	conn := device.Connect()
	defer conn.Close()
	users := pb.NewUserServiceClient(conn)

	// A deadline travels with the call, to the device: it stops, too.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	// One request, one reply.
	created, err := users.CreateUser(ctx, &pb.CreateUserRequest{
		Name: "Grace", Email: "grace@example.com", Age: 46, Hobbies: []string{"compilers"},
	})
	device.Check(err)
	fmt.Println("CreateUser:", created.Message)

	user, err := users.GetUser(ctx, &pb.GetUserRequest{Id: created.User.Id})
	device.Check(err)
	fmt.Println("GetUser:", user.Name, user.Status)

	_, err = users.GetUser(ctx, &pb.GetUserRequest{Id: 99})
	fmt.Println("GetUser:", status.Code(err), "-", status.Convert(err).Message())

	page, err := users.ListUsers(ctx, &pb.ListUsersRequest{Page: 0, Limit: 2})
	device.Check(err)
	fmt.Println("ListUsers:", len(page.Users), "of", page.Total)

	streamUsers(ctx, users)
	createBatch(ctx, users)
	chat(ctx, users)
}

// streamUsers: one request, many replies. io.EOF says that there are no more.
func streamUsers(ctx context.Context, users pb.UserServiceClient) {
	stream, err := users.StreamUsers(ctx, &pb.StreamUsersRequest{DelaySeconds: 0})
	device.Check(err)
	for {
		user, err := stream.Recv()
		if err == io.EOF {
			return
		}
		device.Check(err)
		fmt.Println("StreamUsers:", user.Id, user.Name)
	}
}

// createBatch: many requests, one reply.
func createBatch(ctx context.Context, users pb.UserServiceClient) {
	stream, err := users.CreateBatchUsers(ctx)
	device.Check(err)
	for _, name := range []string{"Linus", "Margaret"} {
		err := stream.Send(&pb.CreateUserRequest{Name: name, Email: name + "@example.com"})
		if err == io.EOF {
			break // the server has ended the call: CloseAndRecv says why
		}
		device.Check(err)
	}
	reply, err := stream.CloseAndRecv()
	device.Check(err)
	fmt.Println("CreateBatchUsers:", reply.Message)
}

// chat: requests and replies as they come. Here each reply is waited for before the next request.
func chat(ctx context.Context, users pb.UserServiceClient) {
	stream, err := users.ChatWithUsers(ctx)
	device.Check(err)
	for _, name := range []string{"Barbara", "Dennis"} {
		device.Check(stream.Send(&pb.CreateUserRequest{Name: name, Email: name + "@example.com"}))
		user, err := stream.Recv()
		device.Check(err)
		fmt.Println("ChatWithUsers:", user.Id, user.Name)
	}
	device.Check(stream.CloseSend())
	if _, err := stream.Recv(); err != io.EOF {
		device.Check(err)
	}
}
