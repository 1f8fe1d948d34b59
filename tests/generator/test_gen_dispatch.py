"""Generated dispatch asks the right handler with the right arguments, and knows what to do without one."""
from conftest import ROOT

PROTO = """syntax = "proto3";
package pkg;

// Four kinds of call.
service Kinds {
  // One and one.
  rpc One(Req) returns (Rep);
  // One and many.
  //
  // gram: max_request=64 state=8
  rpc Down(Req) returns (stream Rep);
  // Many and one.
  rpc Up(stream Req) returns (Rep);
  // Many and many.
  rpc Both(stream Req) returns (stream Rep);
}

message Req {
  int32 i = 1;
}

message Rep {
  int32 i = 1;
}
"""

HERE = ROOT / "tests" / "generator"


def test_each_event_finds_its_handler(one):
    project = one(PROTO)
    sources = project.generated("proto/x.proto")
    assert project.build([HERE / "dispatch.c", *sources]).splitlines()[-1] == "all as said"


def test_a_dispatch_that_asks_the_wrong_handler_is_seen(one):
    """The check above can fail: each case of the generated switches, led astray, must end the program."""
    project = one(PROTO)
    sources = project.generated("proto/x.proto")
    path = project.folder / "gen/x.gram.c"
    text = path.read_text()
    for right, wrong in (("h->One.handle(call, req, rep)", "GRAM_OK"), ("h->Down.next(call, rep)", "GRAM_DONE"),
                         ("h->Up.half_close(call, rep)", "GRAM_OK"), ("h->Both.message(call, req)", "GRAM_OK"),
                         ("? h->Up.resume(call, rep) : GRAM_INTERNAL", "? h->Up.resume(call, rep) : GRAM_OK"),
                         ("!h->Up.message ||", ""), (".kind = GRAM_BIDI", ".kind = GRAM_UNARY"),
                         ("h->Down.closed(call, status)", "(void)call"), (".req_max = 64", ".req_max = 65")):
        assert right in text
        path.write_text(text.replace(right, wrong))
        try:
            project.build([HERE / "dispatch.c", *sources], ["-Wno-error"])
        except AssertionError:
            continue
        raise AssertionError(f"nobody saw {wrong} for {right}")


def test_the_header_is_as_agreed(one):
    """The page that an engineer reads. After a wanted change: copy gen/x.gram.h, which the message names, over the golden file."""
    project = one(PROTO)
    project.generated("proto/x.proto")
    made = project.folder / "gen/x.gram.h"
    assert made.read_text() == (HERE / "golden" / "x.gram.h").read_text(), f"{made} differs from tests/generator/golden/x.gram.h"
