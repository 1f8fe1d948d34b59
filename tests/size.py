#!/usr/bin/env python3
"""`make size`: what gram costs on a Cortex-M3 at -Os, beside its budgets. Exits 1 when one is exceeded.

    size.py [APP...] -- [BOARD...]     images that are built

 folders   flash (code and constants) and RAM (variables) of the objects before linking, and the worst stack
           below any of their functions
 structs   of what is there once for each connection, call, stream: from the debug information
 images    every application on every board: flash, RAM with its stack, and the worst stack that the call
           graph shows
 with TLS  flash and RAM of the images that have budgets of their own

Stack: gcc's -fcallgraph-info=su gives each function's frame and callees. A call through a struct's member may
reach every function that any source puts into a member of that name (`.next = stream_next`, `netif->output =
etharp_output`); where nothing is found so, every function whose address is taken otherwise, in the folders
that MAY_CALL lists for the caller's. A call that would close a circle is not followed; how many there were is
said. Frames of the C library are unknown and count 0.
"""

import os
import re
import subprocess
import sys
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

CORE = "build/test/m3/obj"
BUDGET_CORE = 18 * 1024
BUDGET_CONN = 2560
SECURE = [  # image, flash, RAM
    ("build/lm3s6965evb/greeter-tls.elf", 128 * 1024, 48 * 1024),
    ("build/lm3s6965evb/greeter-tls1.2-emulation.elf", 128 * 1024, 48 * 1024),
    ("build/mps2-an385/users-mtls-emulation.elf", None, None),
]
STRUCTS = [
    "gram_server",
    "gram_conn",
    "gram_call",
    "gram_held",
    "gram_message_buf",
    "gram_h2_conn",
    "gram_h2_stream",
    "gram_hpack_dec",
    "gram_hpack_enc",
]

# Whom a folder's calls through plain pointers may reach.
MAY_CALL = {
    "hpack": ["h2", "grpc"],
    "h2": ["grpc", "port"],
    "grpc": ["gen", "interceptors", "apps", "port", "nanopb"],
    "gen": ["apps", "services"],
    "nanopb": ["nanopb", "grpc", "apps", "services", "gen"],
    "lwip": ["port", "lwip"],
    "port": ["boards"],
    "boards": ["boards", "port"],
    "services": [],
    "apps": [],
    "interceptors": [],
    "util": [],
}
# Here all tables are written with the members' names: a member that nothing is put into is NULL.
OURS = ["util", "hpack", "h2", "grpc", "gen", "services", "interceptors", "apps", "boards"]


def folder_of(path):
    """build/x/obj/app/firmware/h2/h2_rx.o -> h2."""
    for name, pattern in (
        ("gen", "/build/gen/"),
        ("nanopb", "/nanopb/"),
        ("lwip", "/obj/[^/]+/lwip/"),
        ("port", "/port/(lwip|pipe)/"),
        ("boards", "/port/boards/"),
        ("apps", "/firmware/apps/"),
    ):
        if re.search(pattern, path):
            return name
    return Path(path).parent.name


def sections(path):
    """(flash, ram) of an object or an image."""
    flash = ram = 0
    with open(path, "rb") as file:
        for section in ELFFile(file).iter_sections():
            flags, kind = section["sh_flags"], section["sh_type"]
            if not flags & 2:  # SHF_ALLOC
                continue
            writable = flags & 1
            if kind != "SHT_NOBITS":
                flash += section["sh_size"]
            if writable:
                ram += section["sh_size"]
    return flash, ram


# ---- stack -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=None)
def source_lines(path):
    return Path(path).read_text(errors="replace").splitlines() if Path(path).is_file() else []


def assigned(text):
    """(member, function) of all that a source puts into members by name, itself or through a setter."""
    yield from re.findall(r"(?:\.|->)(\w+)\s*=\s*&?(\w+)\b(?!\s*[(.\[]|->)", text)
    for event, name in re.findall(r"\btcp_(accept|recv|sent|err|poll)\(\w+,\s*(\w+)", text):
        yield "TCP_EVENT_" + event.upper(), name
    for name in re.findall(r"\bnetif_add\([^;]*?(\w+)\)", text):
        yield "input", name
    for name in re.findall(r"\bgram_alarm\(.*, (\w+)\);", text):
        yield "ring", name


def members_called(line):
    """Through which members a line of source calls."""
    return tuple(re.findall(r"(?:(?:\.|->)|\b(?=TCP_EVENT_))(\w+)\(", line))


class Graph:
    """The call graph of a set of objects."""

    def __init__(self, objects):
        self.frame, self.calls, self.folder = {}, defaultdict(set), {}
        self.taken, self.cut, self.unknown = defaultdict(set), 0, set()
        self.members, self.through = defaultdict(set), defaultdict(set)
        sources = set()
        for obj in objects:
            ci = Path(obj).with_suffix(".ci")
            if ci.exists():
                sources.add(self._read(ci.read_text(), folder_of(obj)))
        for obj in objects:
            self._addresses(obj)
        for source in sorted(sources):
            for member, name in assigned("\n".join(source_lines(source))):
                self.members[member] |= {t for t in (name, f"{source}:{name}") if t in self.frame}
        for functions in self.members.values():
            for folder in self.taken:
                self.taken[folder] -= functions

    def _read(self, text, folder):
        for title, label in re.findall(r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
            size = re.search(r"\\n(\d+) bytes", label)
            if size:
                self.frame[title] = int(size[1])
                self.folder[title] = folder
        edge = r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*):(\d+):\d+")?'
        for source, target, path, line in re.findall(edge, text):
            if target == "__indirect_call" and path:
                lines = source_lines(path)
                around = " ".join(lines[int(line) - 1 : int(line) + 1])
                self.through[source].add(members_called(around))
            self.calls[source].add(target)
        return re.search(r'graph: \{ title: "([^"]+)"', text)[1]

    def _addresses(self, obj):
        """Functions whose address stands in data, by R_ARM_ABS32."""
        with open(obj, "rb") as file:
            elf = ELFFile(file)
            table = elf.get_section_by_name(".symtab")
            for section in elf.iter_sections():
                if (
                    not isinstance(section, RelocationSection)
                    or ".debug" in section.name
                    or ".ARM.ex" in section.name
                ):
                    continue
                for reloc in section.iter_relocations():
                    if reloc["r_info_type"] != 2:
                        continue
                    symbol = table.get_symbol(reloc["r_info_sym"])
                    name = symbol.name
                    if symbol["st_info"]["type"] == "STT_SECTION":
                        name = elf.get_section(symbol["st_shndx"]).name
                        name = name[6:] if name.startswith(".text.") else ""
                    source = re.sub(
                        r"^.*?/obj/(?:[^/]+/)?(?=(?:firmware|port|build)/)",
                        "",
                        str(Path(obj).with_suffix(".c")),
                    )
                    source = re.sub(
                        r"^.*?/obj/[^/]+/lwip/",
                        os.environ.get("LWIP_DIR", "build/deps/lwip") + "/src/",
                        source,
                    )
                    source = re.sub(
                        r"^.*?/obj/[^/]+/nanopb/",
                        os.environ.get("NANOPB_DIR", "build/deps/nanopb") + "/",
                        source,
                    )
                    for title in (name, f"{source}:{name}"):
                        # a function that refers to itself has a jump table
                        if title in self.frame and not section.name.endswith("." + name):
                            self.taken[self.folder[title]].add(title)

    def callees(self, function):
        for target in self.calls[function]:
            if target in self.frame:
                yield target
        if "__indirect_call" in self.calls[function]:
            for members in self.through[function] or {()}:
                known = set().union(*(self.members[m] for m in members)) if members else set()
                yield from known
                self.unknown |= {m for m in members if not self.members[m]}
                if not known and not (members and self.folder[function] in OURS):
                    for folder in MAY_CALL.get(self.folder[function], []):
                        yield from self.taken[folder]

    def worst(self, function):
        """(bytes, path) of the deepest way down from a function."""
        memo, active = {}, set()

        def visit(name):
            if name in memo:
                return memo[name]
            active.add(name)
            best = (0, ())
            for target in sorted(set(self.callees(name))):
                if target in active:
                    self.cut += 1
                    continue
                best = max(best, visit(target))
            active.discard(name)
            memo[name] = (self.frame[name] + best[0], (name, *best[1]))
            return memo[name]

        return visit(function)


def short(title):
    return title.split(":")[-1]


# ---- structs ---------------------------------------------------------------------------------------------


def structs(obj_root):
    """{name: bytes} from the debug information of all objects."""
    found = {}
    for path in sorted(Path(obj_root).glob("firmware/**/*.o")):
        with open(path, "rb") as file:
            elf = ELFFile(file)
            if not elf.has_dwarf_info():
                continue
            for unit in elf.get_dwarf_info().iter_CUs():
                for die in unit.iter_DIEs():
                    if (
                        die.tag == "DW_TAG_structure_type"
                        and "DW_AT_name" in die.attributes
                        and "DW_AT_byte_size" in die.attributes
                    ):
                        found[die.attributes["DW_AT_name"].value.decode()] = die.attributes[
                            "DW_AT_byte_size"
                        ].value
    return found


def limit(name):
    """A limit of gram/config.h as greeter on lm3s6965evb has it (tests.mk, m3)."""
    text = f'#include "gram/config.h"\nVALUE {name}\n'
    done = subprocess.run(
        [
            "arm-none-eabi-gcc",
            "-E",
            "-P",
            "-Ifirmware/include",
            "-Ifirmware/apps/greeter",
            "-Iport/boards/lm3s6965evb",
            "-DGRAM_RAM_KB=64",
            "-",
        ],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(re.search(r"VALUE (\d+)", done.stdout)[1])


# ---- report ----------------------------------------------------------------------------------------------


def verdict(figure, budget):
    return f"budget {budget:,}: " + ("kept" if figure <= budget else "EXCEEDED")


def report_core():
    # an object whose source is gone is left over from an earlier build
    objects = sorted(
        str(p) for p in Path(CORE).glob("firmware/*/*.o") if p.relative_to(CORE).with_suffix(".c").exists()
    )
    if not objects:
        sys.exit(f"gram: no objects in {CORE}")
    sys.setrecursionlimit(10000)
    graph = Graph(objects)
    print("The core, Cortex-M3 -Os, objects before linking\n")
    print(f"  {'folder':24}{'flash':>8}{'RAM':>8}{'stack':>8}   deepest way down")
    total = [0, 0]
    for folder in ("util", "hpack", "h2", "grpc"):
        own = [o for o in objects if folder_of(o) == folder]
        sizes = [sections(o) for o in own]
        flash, ram = sum(s[0] for s in sizes), sum(s[1] for s in sizes)
        total = [total[0] + flash, total[1] + ram]
        deepest = max((graph.worst(f) for f in graph.frame if graph.folder[f] == folder), default=(0, ()))
        print(
            f"  firmware/{folder:15}{flash:8,}{ram:8,}{deepest[0]:8,}   "
            f"{' > '.join(short(f) for f in deepest[1][:6])}"
        )
    print(f"  {'':24}{total[0]:8,}{total[1]:8,}           {verdict(total[0], BUDGET_CORE)}")
    return total[0] <= BUDGET_CORE


def report_structs():
    found = structs(CORE)
    if "gram_conn" not in found:
        sys.exit("gram: no struct gram_conn in the debug information")
    streams, window, tx = (
        limit("GRAM_MAX_CONCURRENT_STREAMS"),
        limit("GRAM_INITIAL_WINDOW_SIZE"),
        limit("GRAM_TX_SIZE"),
    )
    print(f"\nStructs, bytes ({limit('GRAM_MAX_CONNECTIONS')} connections, {streams} streams each)\n")
    for name in STRUCTS:
        if name in found:
            print(f"  struct {name:20}{found[name]:8,}")
    buffers = tx + streams * window
    bare = found["gram_conn"] - buffers
    print(f"  {'a connection, without':27}{bare:8,}   {verdict(bare, BUDGET_CONN)}")
    print(f"  its buffers (transmit {tx:,}, {streams} streams of {window})")
    return bare <= BUDGET_CONN


def report_secure():
    """The images that have to fit, with TLS, the smallest board; a larger board's stands beside them."""
    print("\nImages with TLS: flash, RAM with its stack")
    good = True
    for path, flash_budget, ram_budget in SECURE:
        flash, ram = sections(path)
        line = f"  {path[6:]:44}{flash:8,}{ram:10,}"
        if flash_budget:
            fits = flash <= flash_budget and ram <= ram_budget
            line += f"   budgets {flash_budget:,} and {ram_budget:,}: {'kept' if fits else 'EXCEEDED'}"
            good &= fits
        print(line)
    return good


def report_images(apps, boards):
    print(
        f"\nImages\n\n  {'board':14}{'application':13}{'flash':>9}{'RAM':>11}"
        f"  {'of it stack':>11}{'worst shown':>13}"
    )
    for board in boards:
        for app in apps:
            elf = f"build/{board}/{app}.elf"
            flash, ram = sections(elf)
            reserved = 0
            with open(elf, "rb") as file:
                stack = ELFFile(file).get_section_by_name(".stack")
                reserved = stack["sh_size"] if stack else 0
                names = {s.name for s in ELFFile(file).get_section_by_name(".symtab").iter_symbols()}
            graph = Graph([str(p) for p in sorted(Path(f"build/{board}/obj/{app}").glob("**/*.o"))])
            worst, path = graph.worst("main")
            # interrupts and faults come on top of it, one level
            handler = max(
                (
                    graph.worst(f)[0]
                    for f in graph.frame
                    if short(f).endswith("interrupt") and short(f) in names
                ),
                default=0,
            )
            print(f"  {board:14}{app:13}{flash:9,}{ram:11,}  {reserved:11,}{worst + handler + 32:13,}")
            out = Path("build/test/reports") / f"stack-{board}-{app}.txt"
            out.parent.mkdir(parents=True, exist_ok=True)
            lines = [f"{graph.frame[f]:6}  {f}" for f in path]
            out.write_text(
                "\n".join(
                    [
                        f"{worst} bytes below main, {handler} for an interrupt, 32 for its frame",
                        *lines,
                        f"members that nothing is put into: {' '.join(sorted(graph.unknown)) or 'none'}",
                        f"calls not followed, since they would close a circle: {graph.cut}",
                    ]
                )
                + "\n"
            )
    print("\n  the way down to the worst: build/test/reports/stack-BOARD-APP.txt")


def main(args):
    cut = args.index("--") if "--" in args else len(args)
    good = report_core()
    good &= report_structs()
    if args[:cut] and args[cut + 1 :]:
        report_images(args[:cut], args[cut + 1 :])
        good &= report_secure()
    return good


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
