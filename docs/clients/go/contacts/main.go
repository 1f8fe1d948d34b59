// A client of user.User (proto/contacts.proto): one contact, one that is not there, all of them.
//
//	go run ./contacts localhost:50051
package main

import (
	"context"
	"fmt"
	"time"

	"example.com/clients/device"
	pb "example.com/clients/pb/contacts" // generated: see ../../README.md
)

func main() {
	conn := device.Connect()
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	contacts := pb.NewUserClient(conn)

	// A field that is a message may be absent: nil.
	for _, id := range []string{"1", "99"} {
		found, err := contacts.GetUser(ctx, &pb.GetUserRequest{UserId: id})
		device.Check(err)
		if found.UserMessage == nil {
			fmt.Println("GetUser: nobody has", id)
		} else {
			fmt.Println("GetUser:", found.UserMessage.Name, found.UserMessage.PhoneNumber)
		}
	}

	all, err := contacts.ListUsers(ctx, &pb.ListUsersRequest{})
	device.Check(err)
	for _, one := range all.UserMessages {
		fmt.Println("ListUsers:", one.Name, one.Age)
	}
}
