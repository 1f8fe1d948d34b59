package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Every application's handlers by full method name. That of interop is grpc-go's own.
var apps = map[string]map[string]handler{
	"greeter":  {"greet.Greeter.SayHello": one(sayHello), "proto.Greeter.SayHello": one(sayHello)},
	"contacts": {"user.User.GetUser": one(getContact), "user.User.ListUsers": one(listContacts)},
	"streams": {
		"proto.StreamServer.ListValue": one(listValue),
		"proto.StreamClient.RouteList": routeList,
		"proto.Stream.Conversations":   conversations,
	},
	"users": {
		"user.UserService.CreateUser":       one(createUser),
		"user.UserService.GetUser":          one(getUser),
		"user.UserService.ListUsers":        one(listUsers),
		"user.UserService.StreamUsers":      one(streamUsers),
		"user.UserService.CreateBatchUsers": createBatchUsers,
		"user.UserService.ChatWithUsers":    chatWithUsers,
	},
	"example": {
		"example.UserService.GetUser":   one(getExampleUser),
		"example.FileService.CheckFile": one(checkFile),
		"example.ChatService.Chat":      chat,
	},
	"interop": {},
	"alarm":   {"alarm.Alarm.Ring": one(ring), "alarm.Alarm.Ticks": one(ticks)},
}

const longest = 64 // of a string in a request, as the boards bound it

func bounded(s string) error {
	if len(s) > longest {
		return status.Error(codes.InvalidArgument, "string overflow")
	}
	return nil
}

func sayHello(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r struct{ Name string }
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	if err := bounded(r.Name); err != nil {
		return err
	}
	return send(map[string]string{"message": "Hello " + r.Name})
}

func listValue(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r struct{ Data string }
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	if err := bounded(r.Data); err != nil {
		return err
	}
	for _, digit := range "01234" {
		if err := send(map[string]string{"stream_value": r.Data + string(digit)}); err != nil {
			return err
		}
	}
	return nil
}

type contact struct {
	UserID      string `json:"user_id"`
	Name        string `json:"name"`
	PhoneNumber string `json:"phone_number"`
	Age         int32  `json:"age"`
}

var contacts = []contact{
	{"1", "Henry", "01012341234", 22},
	{"2", "Michael", "01098128734", 55},
	{"3", "Jessie", "01056785678", 15},
	{"4", "Max", "01099999999", 37},
	{"5", "Tony", "01012344321", 25},
}

func getContact(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r contact
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	for _, c := range contacts {
		if c.UserID == r.UserID {
			return send(map[string]any{"user_message": c})
		}
	}
	return send(map[string]any{})
}

func listContacts(_ context.Context, _ json.RawMessage, send func(any) error) error {
	return send(map[string]any{"user_messages": contacts})
}

type user struct {
	ID      int32    `json:"id"`
	Name    string   `json:"name"`
	Email   string   `json:"email"`
	Age     int32    `json:"age"`
	Hobbies []string `json:"hobbies"`
	Status  string   `json:"status"`
}

const tableSize = 16

var (
	tableLock sync.Mutex
	table     = []user{
		{1, "Alice", "alice@example.com", 30, []string{"chess", "running"}, "ACTIVE"},
		{2, "Bob", "bob@example.com", 25, nil, "INACTIVE"},
		{3, "Zoë", "zoe@example.com", 41, []string{"sailing"}, "SUSPENDED"},
	}
)

func addUser(req json.RawMessage) (user, error) {
	var u user
	if err := json.Unmarshal(req, &u); err != nil {
		return u, err
	}
	if u.Name == "" {
		return u, status.Error(codes.InvalidArgument, "name is missing")
	}
	if u.Email == "" {
		return u, status.Error(codes.InvalidArgument, "email is missing")
	}
	tableLock.Lock()
	defer tableLock.Unlock()
	if len(table) == tableSize {
		return u, status.Error(codes.ResourceExhausted, "the table of 16 users is full")
	}
	u.ID, u.Status = int32(len(table)+1), "ACTIVE"
	table = append(table, u)
	return u, nil
}

func createUser(_ context.Context, req json.RawMessage, send func(any) error) error {
	u, err := addUser(req)
	if err != nil {
		return err
	}
	return send(map[string]any{"user": u, "message": "user created"})
}

func getUser(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r struct{ ID int32 }
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	tableLock.Lock()
	defer tableLock.Unlock()
	switch {
	case r.ID <= 0:
		return status.Errorf(codes.InvalidArgument, "id must be positive, not %d", r.ID)
	case int(r.ID) > len(table):
		return status.Errorf(codes.NotFound, "no user with id %d", r.ID)
	case table[r.ID-1].Status == "SUSPENDED":
		return status.Errorf(codes.PermissionDenied, "user %d, %s, is suspended", r.ID, table[r.ID-1].Name)
	}
	return send(table[r.ID-1])
}

func listUsers(_ context.Context, req json.RawMessage, send func(any) error) error {
	var r struct{ Page, Limit int32 }
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	tableLock.Lock()
	defer tableLock.Unlock()
	from := min(int(r.Page*r.Limit), len(table))
	to := min(from+int(r.Limit), len(table))
	return send(map[string]any{"users": table[from:to], "total": len(table), "page": r.Page})
}

func streamUsers(ctx context.Context, req json.RawMessage, send func(any) error) error {
	var r struct {
		Delay int32 `json:"delay_seconds"`
	}
	if err := json.Unmarshal(req, &r); err != nil {
		return err
	}
	tableLock.Lock()
	users := append([]user(nil), table...)
	tableLock.Unlock()
	for i, u := range users {
		if i > 0 {
			if err := sleep(ctx, time.Duration(r.Delay)*time.Second); err != nil {
				return status.FromContextError(err).Err()
			}
		}
		if err := send(u); err != nil {
			return err
		}
	}
	return nil
}
