PROTOS := grpc/testing/test
SERVICES := health reflection
INTERCEPTORS := log
