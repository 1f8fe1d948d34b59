# What reflection brings along.
PROTOS += grpc/reflection/v1/reflection grpc/reflection/v1alpha/reflection
