# What health brings along.
PROTOS += grpc/health/v1/health
