// The cases of grpc-go's own interoperability client, by its own functions, for servers that ask for a client
// certificate: the program itself has no option for one. It ends with 0 when the case is content.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

var cases = map[string]func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption){
	"empty_unary":                 interop.DoEmptyUnaryCall,
	"large_unary":                 interop.DoLargeUnaryCall,
	"client_streaming":            interop.DoClientStreaming,
	"server_streaming":            interop.DoServerStreaming,
	"ping_pong":                   interop.DoPingPong,
	"empty_stream":                interop.DoEmptyStream,
	"custom_metadata":             interop.DoCustomMetadata,
	"status_code_and_message":     interop.DoStatusCodeAndMessage,
	"special_status_message":      interop.DoSpecialStatusMessage,
	"cancel_after_begin":          interop.DoCancelAfterBegin,
	"cancel_after_first_response": interop.DoCancelAfterFirstResponse,
	"timeout_on_sleeping_server":  interop.DoTimeoutOnSleepingServer,
}

// The soak of so many calls of the program's own sizes, each on a channel of that function.
func soak(count, seconds int, channel func() (*grpc.ClientConn, func())) {
	limit := time.Duration(seconds) * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	interop.DoSoakTest(ctx, interop.SoakTestConfig{
		RequestSize:                      271828,
		ResponseSize:                     314159,
		PerIterationMaxAcceptableLatency: limit,
		OverallTimeout:                   limit,
		NumWorkers:                       1,
		Iterations:                       count,
		ChannelForTest:                   channel,
	})
}

func main() {
	address := flag.String("server", "", "host:port")
	name := flag.String("test_case", "", "the case")
	ca := flag.String("ca_file", "", "who signs the server's certificate")
	cert := flag.String("cert_file", "", "the client's certificate")
	key := flag.String("key_file", "", "and its key")
	iterations := flag.Int("soak_iterations", 10, "calls of a soak")
	seconds := flag.Int("soak_overall_timeout_seconds", 10, "that it may take")
	flag.Parse()

	roots := x509.NewCertPool()
	text, err := os.ReadFile(*ca)
	if err != nil || !roots.AppendCertsFromPEM(text) {
		log.Fatalf("no certificate in %s: %v", *ca, err)
	}
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{RootCAs: roots, ServerName: "localhost", Certificates: []tls.Certificate{pair}}
	dial := func() (*grpc.ClientConn, func()) {
		conn, err := grpc.NewClient(*address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
		if err != nil {
			log.Fatal(err)
		}
		return conn, func() { conn.Close() }
	}
	conn, hangUp := dial()
	defer hangUp()

	switch play, known := cases[*name]; {
	case known:
		play(context.Background(), testgrpc.NewTestServiceClient(conn))
	case *name == "unimplemented_method":
		interop.DoUnimplementedMethod(context.Background(), conn)
	case *name == "unimplemented_service":
		interop.DoUnimplementedService(context.Background(), testgrpc.NewUnimplementedServiceClient(conn))
	case *name == "rpc_soak":
		soak(*iterations, *seconds, func() (*grpc.ClientConn, func()) { return conn, func() {} })
	case *name == "channel_soak":
		soak(*iterations, *seconds, dial)
	default:
		log.Fatalf("no case %q", *name)
	}
}
