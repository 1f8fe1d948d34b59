"""How servers end after all the clients of all the other tests have come and gone. Each runs as the last of
its target."""

import time

import pytest

import targets


@pytest.mark.ending
def test_nothing_is_left(target, app):
    server = target.server(app)  # the one that the tests have used, or a new one if they were not run
    assert server.alive(), server.text()
    dead = [one for one in target.dead if one.app == app]
    assert not dead, "\n".join(one.text() for one in dead)
    trouble = [line for line in server.output if targets.TROUBLE.search(line)]
    assert not trouble, server.text()
    if not target.says_how_it_ended:
        return
    # The last client's connection may still be closing; one that went away in the middle of a large reply is given up after
    # GRAM_STALL_MS (20 s).
    time.sleep(22 if app == "interop" else 1)
    status = server.stop()
    assert server.output[-1] == targets.ENDED_WELL, server.text()
    assert status == 0
