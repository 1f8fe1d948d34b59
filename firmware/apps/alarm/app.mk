PROTOS := alarm
SERVICES := health reflection
INTERCEPTORS := log
