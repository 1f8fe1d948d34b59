PROTOS := users
SERVICES := health reflection
INTERCEPTORS := log
