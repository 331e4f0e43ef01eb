"""Members who write to one server at once, while it ends their connections: nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ...postgres import Cluster
from ..attacks.vaults import enrol
from .histories import Witness, handles
from .on_server import OnServer
from .test_together import together


@pytest.fixture
def machine(postgres: str, tmp_path: Path) -> OnServer:
    """mia's machine on a vault on a server; ben is enrolled, and an admin."""
    machine = OnServer(tmp_path, postgres)
    machine.init()
    machine.ok("person", "add", "Ben Bos", "--handle", "ben")
    ((ben,),) = machine.ask("SELECT id FROM people WHERE handle = 'ben'")
    enrol(machine, "ben", ben)
    machine.write(lambda tx: tx.record("role.given", {"person": ben, "role": "admin"}))
    return machine


def agree(machine: OnServer, acknowledged: set[str]) -> None:
    ben = machine.of("ben")
    for member in (machine, ben):
        told = member.verify()
        assert told.code == 0, told
        assert handles(member) == {"mia", "ben"} | acknowledged
    Witness(machine, ben)
    register = machine.register()
    assert ben.register() == register
    assert machine.forget("register").register() == register


def test_two_members_writing_at_once_lose_and_fork_nothing(machine: OnServer) -> None:
    before = machine.count("entry")
    acknowledged = together((machine, "a", 8), (machine.of("ben"), "b", 8))
    assert len(acknowledged) == 16
    assert machine.count("entry") == before + 16
    agree(machine, acknowledged)


@pytest.mark.slow
def test_four_processes_go_on_while_the_server_ends_every_connection_again_and_again(machine: OnServer, cluster: Cluster) -> None:
    """Each time it may be in the middle of anything, COMMIT included. No act has two entries, none that was acknowledged is gone."""
    before, ended = machine.count("entry"), threading.Event()
    name = machine.address.rpartition("/")[2].partition("?")[0]

    def restarts() -> None:
        while not ended.wait(0.15):
            cluster.disconnect(name)

    thread = threading.Thread(target=restarts)
    thread.start()
    ben = machine.of("ben")
    try:
        acknowledged = together((machine, "a", 40), (machine, "b", 40), (ben, "c", 40), (ben, "d", 40), (machine, "read", 40))
    finally:
        ended.set()
        thread.join()
    assert len(acknowledged) == 160
    assert machine.count("entry") == before + 160
    agree(machine, acknowledged)
