module example.com/users-client

go 1.26.0
