#!/usr/bin/env python3
"""Generates x.pb.h, x.pb.c, x.gram.h and x.gram.c for .proto files and all that they import.

README.md has the options.
"""
import argparse
import glob
import os
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing built lands beside the sources


def main():
    args = arguments()
    try:
        from gram_nanopb import LoadError
        import gram_gen
    except Exception as reason:  # LoadError of a module that did not load: nanopb or grpcio-tools is missing
        sys.exit(str(reason))
    try:
        include = args.include or [os.path.dirname(args.proto[0]) or "."]
        named = [virtual_name(path, include) for path in args.proto]
        fdescs = descriptors(named, include)
        files, options = gram_gen.generate(fdescs, named, include)
        write(args, include, fdescs, files, options)
    except (LoadError, gram_gen.Failed, OSError) as reason:
        sys.exit(str(reason))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("-I", dest="include", action="append", metavar="DIR",
                        help="folder of .proto and .options files")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the generated files go")
    parser.add_argument("--list", metavar="FILE", help="write the names of the .c files here")
    parser.add_argument("--depfile", metavar="FILE", help="write a rule for make here")
    parser.add_argument("proto", nargs="+", metavar="FILE.proto")
    return parser.parse_args()


def virtual_name(path, include):
    """proto/users.proto -> users.proto: its name below one of the folders, as importers write it."""
    from gram_nanopb import LoadError
    if not os.path.isfile(path):
        raise LoadError("%s: no such file" % path)
    for folder in include:
        name = os.path.relpath(path, folder)
        if not name.startswith(os.pardir):
            return name.replace(os.sep, "/")
    raise LoadError("%s is in none of the folders given with -I: add -I %s"
                    % (path, os.path.dirname(path) or "."))


def descriptors(named, include):
    """Runs protoc, which writes its own errors. FileDescriptorProto by name, imports first, with comments."""
    from google.protobuf import descriptor_pb2
    from grpc_tools import protoc
    folders = ["-I" + d for d in include] + ["-I" + d for d in builtin_folders()]
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "set")
        flags = ["--include_imports", "--include_source_info", "-o" + out]
        if protoc.main(["protoc"] + folders + flags + named) != 0:
            sys.exit(1)
        with open(out, "rb") as f:
            found = descriptor_pb2.FileDescriptorSet.FromString(f.read())
    return {f.name: f for f in found.file}


def builtin_folders():
    """Where google/protobuf/*.proto and nanopb.proto are."""
    import grpc_tools
    import nanopb.generator.proto
    return [os.path.join(os.path.dirname(grpc_tools.__file__), "_proto"),
            os.path.dirname(nanopb.generator.proto.__file__)]


def write(args, include, fdescs, files, options):
    for name, text in files.items():
        write_if_changed(os.path.join(args.out, name), text)
    sources = [os.path.join(args.out, n) for n in sorted(files) if n.endswith(".c")]
    if args.list:
        put(args.list, "".join(s + "\n" for s in sources))
    if args.depfile:
        targets = [args.list] if args.list else [os.path.join(args.out, n) for n in sorted(files)]
        read = [p for p in (os.path.join(d, n) for n in fdescs for d in include) if os.path.exists(p)]
        read += [p for p in options if os.path.exists(p)]
        read += sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.py")))
        put(args.depfile, make_rule(targets, read))


def make_rule(targets, prerequisites):
    """A rule, and an empty one for each prerequisite, so that make does not miss a file that was removed."""
    escaped = [p.replace("$", "$$").replace(" ", "\\ ") for p in prerequisites]
    rule = "%s: %s\n" % (" ".join(t.replace(" ", "\\ ") for t in targets), " \\\n  ".join(escaped))
    return rule + "".join("%s:\n" % p for p in escaped)


def write_if_changed(path, text):
    try:
        with open(path, encoding="utf-8") as f:
            if f.read() == text:
                return
    except FileNotFoundError:
        pass
    put(path, text)


def put(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    main()
