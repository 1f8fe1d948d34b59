PROTOS := example
SERVICES := health reflection
INTERCEPTORS := log
