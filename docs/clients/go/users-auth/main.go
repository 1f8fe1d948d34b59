// A client of user.UserService with AUTH=1: tokens, what the response's headers say, and errors that a program can read.
//
//	go run ./users-auth localhost:50051
package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"example.com/clients/device"
	pb "example.com/clients/pb/users" // generated: see ../../README.md
)

// withToken is a context whose calls bring a token. Over plaintext everyone on the way can read it.
func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func main() {
	conn := device.Connect()
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	users := pb.NewUserServiceClient(conn)
	second := &pb.GetUserRequest{Id: 2}

	_, err := users.GetUser(ctx, second)
	fmt.Println("GetUser:", status.Code(err), "-", status.Convert(err).Message())

	// The request's id comes back in the headers, and stands in the device's log.
	var headers metadata.MD
	withID := metadata.AppendToOutgoingContext(withToken(ctx, "reader-demo"), "x-request-id", "my-call-1")
	user, err := users.GetUser(withID, second, grpc.Header(&headers))
	device.Check(err)
	fmt.Println("GetUser:", user.Name)
	fmt.Println("  x-request-id:", headers.Get("x-request-id")[0])
	fmt.Println("  server-version:", headers.Get("server-version")[0])

	_, err = users.CreateUser(withToken(ctx, "reader-demo"), &pb.CreateUserRequest{Name: "Eve"})
	fmt.Println("CreateUser:", status.Code(err), "-", status.Convert(err).Message())

	_, err = users.CreateUser(withToken(ctx, "admin-demo"), &pb.CreateUserRequest{Name: "Eve"})
	fmt.Println("CreateUser:", status.Code(err), "-", status.Convert(err).Message())
	for _, detail := range status.Convert(err).Details() {
		if wrong, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range wrong.FieldViolations {
				fmt.Printf("  %s %s\n", violation.Field, violation.Description)
			}
		}
	}
}
