#!/usr/bin/env python3
"""What the core asks of the world: the undefined symbols of libgram.a for Cortex-M3 must all be in the list.

That is how the linker proves that the core uses no heap, no clock, no C library beyond mem* and strlen, of
the other folders nothing but nanopb, and of the target nothing but what to do about a failed assertion.
"""

import re
import subprocess
import sys

ARCHIVE = "build/test/m3/obj/libgram.a"
ALLOWED = re.compile(
    r"mem(cpy|move|set|cmp|chr)|strlen|gram_assert_failed|pb_\w+|__aeabi_\w+|__gnu_thumb1_case_\w+"
)


def main():
    out = subprocess.run(["arm-none-eabi-nm", ARCHIVE], capture_output=True, text=True, check=True).stdout
    defined = set(re.findall(r"(?m)^[0-9a-f]{8} [A-TV-Za-tv-z] (\S+)$", out))
    wanted = set(re.findall(r"(?m)^ +U (\S+)$", out))
    outside = sorted(wanted - defined)
    if not defined:
        sys.exit(f"gram: {ARCHIVE} defines nothing")
    print("undefined symbols of the core: " + (" ".join(outside) or "none"))
    bad = [name for name in outside if not ALLOWED.fullmatch(name)]
    if bad:
        sys.exit("gram: the core may not use: " + " ".join(bad))


if __name__ == "__main__":
    main()
