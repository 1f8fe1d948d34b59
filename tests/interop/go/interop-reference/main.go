// The reference server of the interop tests: the applications of firmware/apps as a grpc-go server, so that
// the tests can be proven right (`pytest tests/interop --target reference`) against an implementation that is
// not ours.
//
//	reference -app users -port 50051 -descriptors users.binpb
//
// and, for TLS, the options of our own servers (tls.go).
// It prints the simulator's ready line, and on SIGTERM or SIGINT its last line.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	reflectv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectalpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A handler gets requests as JSON, io.EOF after the last, and sends replies as values that become JSON.
type handler func(ctx context.Context, recv func() (json.RawMessage, error), send func(reply any) error) error

// one makes a handler of a function that takes a single request.
func one(h func(ctx context.Context, req json.RawMessage, send func(reply any) error) error) handler {
	return func(ctx context.Context, recv func() (json.RawMessage, error), send func(any) error) error {
		req, err := recv()
		if err != nil {
			return err
		}
		return h(ctx, req, send)
	}
}

var active atomic.Int64 // calls of the application now being served

func main() {
	app := flag.String("app", "", "which application")
	port := flag.Int("port", 50051, "port on localhost")
	descriptors := flag.String("descriptors", "", "file descriptor set of the application")
	files := tlsFlags()
	flag.Parse()
	creds, err := files.credentials()
	if err != nil {
		log.Fatalf("reference: %v", err)
	}
	handlers, ok := apps[*app]
	if !ok {
		log.Fatalf("reference: no application %q", *app)
	}
	set, err := loadFiles(*descriptors)
	if err != nil {
		log.Fatalf("reference: %v", err)
	}
	longest := 64 * 1024
	if *app == "interop" {
		longest = 1024 * 1024
	}
	server := grpc.NewServer(grpc.Creds(creds),
		grpc.MaxConcurrentStreams(16), grpc.MaxRecvMsgSize(longest), grpc.MaxHeaderListSize(8192))
	checks := health.NewServer()
	names := map[protoreflect.FullName]bool{}
	for path := range handlers {
		names[protoreflect.FullName(path).Parent()] = true
	}
	for name := range names {
		if err := register(server, set, name, handlers); err != nil {
			log.Fatalf("reference: %v", err)
		}
		checks.SetServingStatus(string(name), healthpb.HealthCheckResponse_SERVING)
	}
	if *app == "interop" {
		testpb.RegisterTestServiceServer(server, interop.NewTestServer())
		checks.SetServingStatus("grpc.testing.TestService", healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(server, checks)
	options := reflection.ServerOptions{Services: server, DescriptorResolver: set}
	reflectv1.RegisterServerReflectionServer(server, reflection.NewServerV1(options))
	reflectalpha.RegisterServerReflectionServer(server, reflection.NewServer(options))
	serve(server, *app, *port)
}

func serve(server *grpc.Server, app string, port int) {
	for _, address := range []string{"127.0.0.1", "::1"} {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)))
		if err != nil {
			log.Fatalf("reference: %v", err)
		}
		go server.Serve(listener)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	fmt.Printf("gram: %s ready on localhost:%d (reference, address 127.0.0.1)\n", app, port)
	<-stop
	if n := active.Load(); n > 0 {
		fmt.Printf("gram: ended, still taken: %d calls\n", n)
		os.Exit(1)
	}
	fmt.Println("gram: ended, nothing is still taken")
}

func loadFiles(path string) (*protoregistry.Files, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(bytes, set); err != nil {
		return nil, err
	}
	return protodesc.NewFiles(set)
}

// register serves every method of a service; one without a handler answers UNIMPLEMENTED.
func register(server *grpc.Server, files *protoregistry.Files, name protoreflect.FullName,
	handlers map[string]handler) error {
	found, err := files.FindDescriptorByName(name)
	if err != nil {
		return err
	}
	service := found.(protoreflect.ServiceDescriptor)
	desc := &grpc.ServiceDesc{
		ServiceName: string(name),
		HandlerType: (*any)(nil),
		Metadata:    service.ParentFile().Path(),
	}
	for i := 0; i < service.Methods().Len(); i++ {
		method := service.Methods().Get(i)
		desc.Streams = append(desc.Streams, grpc.StreamDesc{
			StreamName:    string(method.Name()),
			ServerStreams: method.IsStreamingServer(),
			ClientStreams: method.IsStreamingClient(),
			Handler: func(_ any, stream grpc.ServerStream) error {
				h := handlers[string(method.FullName())]
				if h == nil {
					return status.Error(codes.Unimplemented, "no handler")
				}
				active.Add(1)
				defer active.Add(-1)
				return run(method, h, stream)
			},
		})
	}
	server.RegisterService(desc, struct{}{})
	return nil
}

func run(method protoreflect.MethodDescriptor, h handler, stream grpc.ServerStream) error {
	recv := func() (json.RawMessage, error) {
		req := dynamicpb.NewMessage(method.Input())
		if err := stream.RecvMsg(req); err != nil {
			return nil, err
		}
		return protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(req)
	}
	return h(stream.Context(), recv, func(reply any) error {
		text, err := json.Marshal(reply)
		if err != nil {
			return err
		}
		rep := dynamicpb.NewMessage(method.Output())
		if err := protojson.Unmarshal(text, rep); err != nil {
			return err
		}
		return stream.SendMsg(rep)
	})
}

// sleep returns early, with the reason, when the call ends meanwhile.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
