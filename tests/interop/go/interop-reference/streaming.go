package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// each hands over requests as they come, until the last.
func each(recv func() (json.RawMessage, error), do func(req json.RawMessage) error) error {
	for {
		req, err := recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(req); err != nil {
			return err
		}
	}
}

func routeList(_ context.Context, recv func() (json.RawMessage, error), send func(any) error) error {
	if err := each(recv, func(json.RawMessage) error { return nil }); err != nil {
		return err
	}
	return send(map[string]string{"value": "ok"})
}

func conversations(_ context.Context, recv func() (json.RawMessage, error), send func(any) error) error {
	n := 0
	return each(recv, func(req json.RawMessage) error {
		var r struct{ Question string }
		if err := json.Unmarshal(req, &r); err != nil {
			return err
		}
		n++
		answer := fmt.Sprintf("from stream server answer: the %d question is %s", n, r.Question)
		return send(map[string]string{"answer": answer})
	})
}

func createBatchUsers(_ context.Context, recv func() (json.RawMessage, error), send func(any) error) error {
	n := 0
	err := each(recv, func(req json.RawMessage) error {
		_, err := addUser(req)
		n++
		return err
	})
	if err != nil {
		return err
	}
	return send(map[string]string{"message": fmt.Sprintf("%d users created", n)})
}

func chatWithUsers(_ context.Context, recv func() (json.RawMessage, error), send func(any) error) error {
	return each(recv, func(req json.RawMessage) error {
		u, err := addUser(req)
		if err != nil {
			return err
		}
		return send(u)
	})
}

func getExampleUser(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r struct{ ID string }
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	if r.ID != "1" {
		return status.Errorf(codes.NotFound, "no user with id '%s'", r.ID)
	}
	return send(map[string]any{"id": "1", "name": "Alice", "age": 30})
}

func checkFile(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r struct{ Filename string }
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	size, exists := map[string]int{"index.html": 57, "empty.log": 0}[r.Filename]
	return send(map[string]any{"exists": exists, "size": size})
}

func chat(_ context.Context, recv func() (json.RawMessage, error), send func(any) error) error {
	return each(recv, func(req json.RawMessage) error {
		var r struct{ Sender string }
		if err := json.Unmarshal(req, &r); err != nil {
			return err
		}
		return send(map[string]string{"sender": "Server", "content": "Hello, " + r.Sender + "!"})
	})
}
