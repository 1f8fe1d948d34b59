package main

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const day = 24 * 3600 * 1000 // milliseconds

var rung atomic.Uint32 // times that have come: what a device calls its interrupts

// wait returns the milliseconds since began, once it is due.
func wait(ctx context.Context, began time.Time, dueMs int64) (int64, error) {
	if err := sleep(ctx, time.Until(began.Add(time.Duration(dueMs)*time.Millisecond))); err != nil {
		return 0, status.FromContextError(err).Err()
	}
	rung.Add(1)
	return time.Since(began).Milliseconds(), nil
}

func ring(ctx context.Context, req json.RawMessage, send func(any) error) error {
	var r struct {
		AfterMs int64 `json:"after_ms"`
	}
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	if r.AfterMs > day {
		return status.Error(codes.InvalidArgument, "after_ms must be at most 86400000 (a day)")
	}
	waited, err := wait(ctx, time.Now(), r.AfterMs)
	if err != nil {
		return err
	}
	return send(map[string]any{"waited_ms": waited, "interrupts": rung.Load()})
}

func ticks(ctx context.Context, req json.RawMessage, send func(any) error) error {
	var r struct {
		EveryMs int64 `json:"every_ms"`
		Count   int64
	}
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	if r.EveryMs == 0 || r.EveryMs > day {
		return status.Error(codes.InvalidArgument, "every_ms must be 1 to 86400000 (a day)")
	}
	began := time.Now()
	for n := int64(1); r.Count == 0 || n <= r.Count; n++ {
		waited, err := wait(ctx, began, n*r.EveryMs)
		if err != nil {
			return err
		}
		if err := send(map[string]any{"number": n, "waited_ms": waited, "interrupts": rung.Load()}); err != nil {
			return err
		}
	}
	return nil
}
