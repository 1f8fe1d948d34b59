PROTOS := streams
SERVICES := health reflection
INTERCEPTORS := log
