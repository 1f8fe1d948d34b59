PROTOS := users
SERVICES := health reflection details
INTERCEPTORS := log
# The same with callers who must show who they are: make run APP=users AUTH=1
ifeq ($(AUTH),1)
VARIANT := -auth
DEFINES := USERS_AUTH
SOURCES := auth/users_auth.c
INTERCEPTORS += metrics audit request_id server_version auth allow rate_limit
endif
