"""How servers end after all the clients of all the other tests have come and gone. Each runs as the last of
its target."""

import time

import pytest

import targets


@pytest.mark.ending
@pytest.mark.kinds("plaintext", "tls", "mtls")
def test_nothing_is_left(target, app, client_programs):
    if target.secure != "plaintext" and app not in target.servers and not target.dead:
        return  # not every application is called over TLS
    server = target.server(app)  # the one that the tests have used, or a new one if they were not run
    assert server.alive(), server.text()
    dead = [one for one in target.dead if one.app == app]
    assert not dead, "\n".join(one.text() for one in dead)
    trouble = [line for line in server.output if targets.TROUBLE.search(line)]
    assert not trouble, server.text()
    if not target.says_how_it_ended:
        return
    # A channel that was closed may live on: grpc-js now and then sends no RST_STREAM for a call that was cancelled
    # at once, and keeps the connection for that call until its process ends. So the programs end first.
    client_programs.stop()
    time.sleep(1)  # for their last segments to arrive
    status = server.stop()
    assert server.output[-1] == targets.ENDED_WELL, server.text()
    assert status == 0
