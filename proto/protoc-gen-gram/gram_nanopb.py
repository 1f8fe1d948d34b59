"""nanopb's generator as a library: it parses descriptors and .options files, and writes x.pb.h and x.pb.c.

It keeps its state in module variables and says what it has to say on standard error, so all dealings with it are
here: a World is made once, from the descriptors of all files, and afterwards only read.

Three things are changed in it, each by replacing one function:
- the options of each field are recorded as they were asked for, since nanopb turns an unbounded field into a
  callback and forgets that nobody wanted that;
- an enum's largest encoding is that of any value, not of the largest declared one: enums are open, a handler may
  send back a value that it was sent (protobuf.dev, "Enum behavior");
- a message with extensions has no largest encoding.
"""
import contextlib
import io
import os

import gram_names

NANOPB_SERIES = "nanopb-0.4.9"


class LoadError(Exception):
    """A line for the user; what it is about cannot be generated at all."""


try:
    with contextlib.redirect_stderr(io.StringIO()):
        import nanopb.generator.nanopb_generator as ng
except ImportError as missing:
    raise LoadError("protoc-gen-gram needs nanopb 0.4.9.1 and grpcio-tools (%s): run it with "
                    "build/venv/bin/python, which make sets up, or: "
                    "python3 -m pip install nanopb==0.4.9.1 grpcio-tools" % missing)

FieldDesc = ng.FieldD
FT_CALLBACK = ng.nanopb_pb2.FT_CALLBACK
FT_POINTER = ng.nanopb_pb2.FT_POINTER
FT_IGNORE = ng.nanopb_pb2.FT_IGNORE
OneOf, ExtensionRange = ng.OneOf, ng.ExtensionRange


class World:
    """All files, as nanopb understands them.

    fdescs     name -> FileDescriptorProto, imports before importers
    named      the files that were asked for
    include    folders where .proto and .options files are looked for
    files      name -> nanopb's ProtoFile
    asked      file name -> {"pkg.Msg.field": options as asked for}
    messages   ".pkg.Msg" -> (file name, DescriptorProto, nanopb's Message or None if it is left out)
    unmatched  file name -> lines of its .options file that match nothing
    """

    def __init__(self, fdescs, named, include):
        self.fdescs, self.named, self.include = fdescs, named, include
        self.files, self.asked, self.messages, self.unmatched = {}, {}, {}, {}
        if not ng.nanopb_version.startswith(NANOPB_SERIES):
            raise LoadError("protoc-gen-gram needs nanopb 0.4.9.1, found %s: "
                            "python3 -m pip install nanopb==0.4.9.1" % ng.nanopb_version)
        ng.Globals.naming_style = gram_names.naming_style(ng.NamingStyle)
        ng.Enum.encoded_size = lambda enum: 10 if enum.has_negative() else 5
        ng.ExtensionRange.encoded_size = lambda field, dependencies: None
        self.cmdline, _ = ng.process_cmdline(["-q"], is_plugin=True)
        for name, fdesc in fdescs.items():
            self._parse(name, fdesc)
        for name in fdescs:
            self._depend(name)

    def path(self, name):
        """A file as the user knows it: proto/users.proto."""
        for folder in self.include:
            if os.path.exists(os.path.join(folder, name)):
                return os.path.normpath(os.path.join(folder, name))
        return name

    def options_path(self, name):
        """Where a file's .options are, or would have to be."""
        options = gram_names.file_base(name) + ".options"
        for folder in self.include:
            if os.path.exists(os.path.join(folder, options)):
                return os.path.normpath(os.path.join(folder, options))
        own = self.path(name)
        if own == name:  # google/protobuf/..., which the user cannot put a file beside
            return os.path.normpath(os.path.join(self.include[0], options))
        return gram_names.file_base(own) + ".options"

    def message(self, full_name):
        """nanopb's Message of ".pkg.Msg"."""
        return self.messages[full_name][2]

    def type_name(self, full_name):
        """The C type of ".pkg.Msg"."""
        return ng.Globals.naming_style.type_name(self.message(full_name).name)

    def size_macro(self, full_name):
        """nanopb's macro for the largest encoding of a message, None where there is no largest."""
        file_name, _, message = self.messages[full_name]
        if message.encoded_size(self.files[file_name].dependencies) is None:
            return None
        return "%s_size" % message.name

    def has_callbacks(self, full_name, seen=()):
        """Whether a message, or one inside it, has callback fields."""
        if full_name in seen:
            return False
        file_name, desc, message = self.messages[full_name]
        if any(f.allocation == "CALLBACK" and f.pbtype != "EXTENSION" for f in message.all_fields()):
            return True
        static = {f.name for f in message.all_fields()}
        return any(self.has_callbacks(f.type_name, (*seen, full_name)) for f in desc.field
                   if f.type == FieldDesc.TYPE_MESSAGE and f.name in static)

    def enum(self, file_name, field):
        """nanopb's Enum of an enum field, or None."""
        return self.files[file_name].dependencies.get(str(field.ctype))

    def write(self, name, dropped):
        """The text of x.pb.h and x.pb.c, without #include of the imports in `dropped`."""
        self.cmdline.exclude = list(dropped)
        with self._quietly(name):
            out = ng.process_file(name, self.fdescs[name], self._options_for(name), self.files)
        return {out["headername"]: out["headerdata"], out["sourcename"]: out["sourcedata"]}

    def _options_for(self, name):
        path = self.options_path(name)
        self.cmdline.options_file = path if os.path.exists(path) else os.devnull
        return self.cmdline

    def _parse(self, name, fdesc):
        if fdesc.syntax == "editions":
            raise LoadError('%s: nanopb knows no editions: write syntax = "proto3" instead' % self.path(name))
        asked = self.asked[name] = {}
        original = ng.get_nanopb_suboptions

        def recording(subdesc, options, dotted):
            found = original(subdesc, options, dotted)
            if isinstance(subdesc, FieldDesc):
                kept = ng.nanopb_pb2.NanoPBOptions()
                kept.CopyFrom(found)
                asked.setdefault(".".join(dotted.parts), kept)
            return found

        ng.get_nanopb_suboptions = recording
        try:
            with self._quietly(name):
                self.files[name] = ng.parse_file(name, fdesc, self._options_for(name))
        finally:
            ng.get_nanopb_suboptions = original
        self.unmatched[name] = [mask for mask, _ in ng.Globals.separate_options
                                if mask not in ng.Globals.matched_namemasks]
        self._collect(name, fdesc)

    def _collect(self, name, fdesc):
        mangle = self.files[name].manglenames
        by_name = {str(m.name): m for m in self.files[name].messages}
        prefix = "." + fdesc.package if fdesc.package else ""
        plain = [(full, desc) for full, desc in walk_messages(fdesc, prefix)]
        mangled = [names for names, _, _ in ng.iterate_messages(fdesc, mangle.flatten)]
        for (full, desc), names in zip(plain, mangled):
            c_name = mangle.name_mapping.get(str(names))
            self.messages[full] = (name, desc, by_name.get(str(c_name)))

    def _depend(self, name):
        """Makes the types of all that `name` imports, directly or not, known to nanopb's object for it."""
        todo, seen = list(self.fdescs[name].dependency), set()
        while todo:
            dep = todo.pop()
            if dep not in seen and dep in self.files:
                seen.add(dep)
                self.files[name].add_dependency(self.files[dep])
                todo += self.fdescs[dep].dependency

    @contextlib.contextmanager
    def _quietly(self, name):
        """What nanopb prints is noise, unless it gives up: then it is the reason."""
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):
                yield
        except SystemExit:
            reason = said.getvalue().strip()
            if reason.startswith("./"):
                reason = reason[2:]
            raise LoadError(reason or "%s: nanopb gave up without a reason" % self.path(name))
        except NotImplementedError as what:
            if str(what) == str(FieldDesc.TYPE_GROUP):
                raise LoadError("%s: nanopb knows no groups: write a message instead" % self.path(name))
            raise LoadError("%s: nanopb does not know this: %s" % (self.path(name), what))
        except Exception as what:  # nanopb raises plain Exceptions with a text for the user
            if type(what) is not Exception:
                raise
            raise LoadError("%s: %s" % (self.path(name), what))


def walk_messages(desc, prefix):
    """Every message in a file or message, nested ones too, in nanopb's order: (".pkg.Msg", DescriptorProto)."""
    for sub in getattr(desc, "message_type", None) or getattr(desc, "nested_type", ()):
        full = "%s.%s" % (prefix, sub.name)
        yield full, sub
        yield from walk_messages(sub, full)
