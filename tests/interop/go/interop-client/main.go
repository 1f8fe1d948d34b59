// The grpc-go client of the interop tests: takes commands on standard input and reports on standard output,
// one JSON object a line, as tests/interop/clients.py describes. It knows no service: messages are made from
// the file descriptor set that is its only argument, so one program serves every application.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	_ "google.golang.org/genproto/googleapis/rpc/errdetails" // status.Details() knows what is linked
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
)

type command struct {
	Op       string            `json:"op"`
	Conn     string            `json:"conn"`
	Target   string            `json:"target"`
	ID       int               `json:"id"`
	Path     string            `json:"path"`
	Requests []json.RawMessage `json:"requests"`
	Deadline float64           `json:"deadline"`
	TLS      *tlsFiles         `json:"tls"`
	Metadata [][2]string       `json:"metadata"`
	Open     bool              `json:"open"`
	Request  json.RawMessage   `json:"request"`
	inputs   chan json.RawMessage
}

// tlsFiles: Cert and Key are for mutual TLS, Name is the server's where it is not the host; each may be empty.
type tlsFiles struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
	Name string `json:"name"`
	// Resume: by the sessions of earlier connections of this program that asked for it, too.
	Resume bool `json:"resume"`
}

var sessions = tls.NewLRUClientSessionCache(8)

type end struct {
	Code     int                 `json:"code"`
	Message  string              `json:"message"`
	Details  []json.RawMessage   `json:"details,omitempty"`
	Headers  map[string][]string `json:"headers"`
	Trailers map[string][]string `json:"trailers"`
}

type report struct {
	Conn  string          `json:"conn,omitempty"`
	State string          `json:"state,omitempty"`
	ID    int             `json:"id,omitempty"`
	Reply json.RawMessage `json:"reply,omitempty"`
	End   *end            `json:"end,omitempty"`
}

type program struct {
	files   *protoregistry.Files
	mu      sync.Mutex // guards what follows, and standard output
	conns   map[string]*grpc.ClientConn
	cancels map[int]context.CancelFunc
	inputs  map[int]chan json.RawMessage // requests of open calls that are still to come
}

func main() {
	files, err := loadFiles(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
	p := &program{
		files:   files,
		conns:   map[string]*grpc.ClientConn{},
		cancels: map[int]context.CancelFunc{},
		inputs:  map[int]chan json.RawMessage{},
	}
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var c command
		if err := json.Unmarshal(line, &c); err != nil {
			fmt.Fprintln(os.Stderr, "client:", err)
			os.Exit(1)
		}
		p.do(c)
	}
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

func (p *program) do(c command) {
	switch c.Op {
	case "connect":
		go p.report(report{Conn: c.Conn, State: p.connect(c)})
	case "close":
		p.mu.Lock()
		conn := p.conns[c.Conn]
		delete(p.conns, c.Conn)
		p.mu.Unlock()
		if conn != nil {
			conn.Close()
		}
		p.report(report{Conn: c.Conn, State: "closed"})
	case "call":
		ctx, cancel := context.WithCancel(context.Background())
		p.mu.Lock()
		p.cancels[c.ID] = cancel
		conn := p.conns[c.Conn]
		c.inputs = make(chan json.RawMessage, 100)
		if c.Open {
			p.inputs[c.ID] = c.inputs
		} else {
			close(c.inputs)
		}
		p.mu.Unlock()
		go func() {
			defer cancel()
			var headers, trailers metadata.MD
			e := asEnd(p.call(ctx, conn, c, grpc.Header(&headers), grpc.Trailer(&trailers)))
			e.Headers, e.Trailers = asText(headers), asText(trailers)
			p.report(report{ID: c.ID, End: &e})
		}()
	case "send":
		p.inputs[c.ID] <- c.Request
	case "finish":
		close(p.inputs[c.ID])
		delete(p.inputs, c.ID)
	case "cancel":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.cancels[c.ID]()
	}
}

func (p *program) report(r report) {
	line, _ := json.Marshal(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

// connect opens a connection and waits until it is ready: the server's SETTINGS have come.
func (p *program) connect(c command) string {
	creds, err := transport(c.TLS)
	if err != nil {
		return err.Error()
	}
	conn, err := grpc.NewClient("passthrough:///"+c.Target, grpc.WithTransportCredentials(creds))
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.Deadline*float64(time.Second)))
	defer cancel()
	conn.Connect()
	for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			conn.Close()
			return "not ready in time, last state " + state.String()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c.Conn] = conn
	return "ready"
}

func transport(files *tlsFiles) (credentials.TransportCredentials, error) {
	if files == nil {
		return insecure.NewCredentials(), nil
	}
	ca, err := os.ReadFile(files.CA)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: files.Name}
	if !config.RootCAs.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("no certificate in %s", files.CA)
	}
	if files.Resume {
		config.ClientSessionCache = sessions
	}
	if files.Cert != "" {
		pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, err
		}
		// Shown whatever the server asks for: tests show certificates that it does not want.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return credentials.NewTLS(config), nil
}

func (p *program) call(ctx context.Context, conn *grpc.ClientConn, c command, options ...grpc.CallOption) error {
	name := strings.ReplaceAll(strings.TrimPrefix(c.Path, "/"), "/", ".")
	found, err := p.files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return err
	}
	method := found.(protoreflect.MethodDescriptor)
	if c.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.Deadline*float64(time.Second)))
		defer cancel()
	}
	for _, pair := range c.Metadata {
		value := pair[1]
		if strings.HasSuffix(pair[0], "-bin") {
			bytes, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return err
			}
			value = string(bytes)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, pair[0], value)
	}
	if !method.IsStreamingClient() && !method.IsStreamingServer() {
		req, err := parse(method.Input(), c.Requests[0])
		if err != nil {
			return err
		}
		rep := dynamicpb.NewMessage(method.Output())
		if err := conn.Invoke(ctx, c.Path, req, rep, options...); err != nil {
			return err
		}
		return p.reply(c.ID, rep)
	}
	desc := &grpc.StreamDesc{
		ClientStreams: method.IsStreamingClient(),
		ServerStreams: method.IsStreamingServer(),
	}
	stream, err := conn.NewStream(ctx, desc, c.Path, options...)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- send(stream, method.Input(), c) }()
	if !c.Open {
		if err := <-sent; err != nil {
			return err
		}
	}
	for {
		rep := dynamicpb.NewMessage(method.Output())
		if err := stream.RecvMsg(rep); err != nil {
			return err
		}
		if err := p.reply(c.ID, rep); err != nil {
			return err
		}
		if !method.IsStreamingServer() {
			return nil
		}
	}
}

// send sends a call's requests: those that came with it, and of an open call those that follow.
func send(stream grpc.ClientStream, desc protoreflect.MessageDescriptor, c command) error {
	one := func(text json.RawMessage) error {
		req, err := parse(desc, text)
		if err != nil {
			return err
		}
		stream.SendMsg(req) // if it fails, RecvMsg says why
		return nil
	}
	for _, text := range c.Requests {
		if err := one(text); err != nil {
			return err
		}
	}
	for text := range c.inputs {
		if err := one(text); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

func parse(desc protoreflect.MessageDescriptor, text []byte) (proto.Message, error) {
	msg := dynamicpb.NewMessage(desc)
	return msg, protojson.Unmarshal(text, msg)
}

func (p *program) reply(id int, rep proto.Message) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(rep)
	if err == nil {
		p.report(report{ID: id, Reply: text})
	}
	return err
}

func asEnd(err error) end {
	if err == nil || errors.Is(err, io.EOF) {
		return end{}
	}
	s := status.Convert(err)
	e := end{Code: int(s.Code()), Message: s.Message()}
	for _, detail := range s.Details() {
		known, ok := detail.(proto.Message)
		if !ok { // an error: no such type, or no such message
			e.Message += fmt.Sprintf(" (detail: %v)", detail)
			continue
		}
		packed, _ := anypb.New(known)
		text, _ := protojson.Marshal(packed)
		e.Details = append(e.Details, text)
	}
	return e
}

// asText has the values of -bin keys in base64.
func asText(md metadata.MD) map[string][]string {
	for key, values := range md {
		for i := range values {
			if strings.HasSuffix(key, "-bin") {
				values[i] = base64.StdEncoding.EncodeToString([]byte(values[i]))
			}
		}
	}
	return md
}
