// Package device is what these clients have in common: how to reach the device, and what to do about a failure.
package device

import (
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Connect is to the address on the command line. It connects with the first call, and again when that is necessary.
func Connect() *grpc.ClientConn {
	address := "localhost:50051"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	Check(err)
	return conn
}

// Check ends the program when something has failed that should not.
func Check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
