# The .proto files it serves (proto/<name>.proto), and the ready-made parts it links.
PROTOS := greet greeter
SERVICES := health reflection
INTERCEPTORS := log
