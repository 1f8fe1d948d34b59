"""From descriptors to the text of all files: what generate.py and the plugin share."""
import gram_check
import gram_header
import gram_imports
import gram_model
import gram_names
import gram_source
from gram_nanopb import World


class Failed(Exception):
    """Nothing is generated; `lines` are for the user, one for each thing to mend."""

    def __init__(self, lines):
        super().__init__("\n".join(lines))
        self.lines = lines


def generate(fdescs, named, include):
    """(text of every file by its name, files read in addition to the .proto). `fdescs`: FileDescriptorProto by
    name, imports first; `named`: those that were asked for; `include`: folders of .proto and .options files."""
    needed = gram_imports.needed_files(fdescs, named)
    world = World(fdescs={n: fdescs[n] for n in needed}, named=named, include=include)
    problems, services = [], {}
    for name in needed:
        services[name] = gram_model.services_of(
            fdescs[name], lambda text, name=name: problems.append("%s: %s" % (world.path(name), text)))
    problems += gram_check.check(world, needed, services)
    if problems:
        raise Failed(problems)
    files = {}
    for name, dropped in needed.items():
        base = gram_names.file_base(name)
        files.update(world.write(name, dropped))
        files[base + ".gram.h"] = gram_header.write(world, name, services[name])
        files[base + ".gram.c"] = gram_source.write(world, name, dropped, services[name], problems.append)
    if problems:
        raise Failed(problems)
    return files, [world.options_path(name) for name in needed]
