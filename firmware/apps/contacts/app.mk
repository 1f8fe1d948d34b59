PROTOS := contacts
SERVICES := health reflection
INTERCEPTORS := log
