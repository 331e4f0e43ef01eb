"""A computation that is shared out gives what it would give in one process, whatever becomes of its copies, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from govern.errors import Refused
from govern.vault import seal, shares
from govern.vault.keys import Keys, Recipient
from govern.vault.seal import Context

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),  # the test runner has threads; our copies wait for none of them
]

HANDS = 3


@pytest.fixture(autouse=True)
def _three_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_processors", lambda: HANDS)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No open pipe, no process that nobody waits for."""
    files, processes = len(os.listdir("/proc/self/fd")), children()
    yield
    assert len(os.listdir("/proc/self/fd")) == files
    assert children() <= processes


def children() -> set[int]:
    """Our processes, ended ones too that nobody has waited for. A server that tests of this run share may be among them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it is gone meanwhile
            if stat.read_bytes().rpartition(b")")[2].split()[1] == b"%d" % os.getpid():
                found.add(int(stat.parent.name))
    return found


def test_what_would_be_left_is_found() -> None:
    """The control of every other test here."""
    before = children()
    with subprocess.Popen([sys.executable, "-c", ""]) as left:
        assert children() - before == {left.pid}
    assert children() == before


def numbers(start: int, stop: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in range(start, stop))


def who(start: int, stop: int) -> bytes:
    """The process that computes each."""
    return os.getpid().to_bytes(4, "big") * (stop - start)


def processes(answer: bytes) -> list[int]:
    return [int.from_bytes(answer[at : at + 4], "big") for at in range(0, len(answer), 4)]


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 100, 100_003])
def test_shares_are_joined_in_their_order(count: int) -> None:
    """Also where a share is longer than a pipe holds."""
    assert shares.shared(numbers, count, at_least=10) == numbers(0, count)


def test_each_share_is_computed_in_a_process_of_its_own() -> None:
    found = processes(shares.shared(who, 90, at_least=10))
    assert found[:30] == [os.getpid()] * 30
    assert [len(set(found[at : at + 30])) for at in (0, 30, 60)] == [1, 1, 1]
    assert len(set(found)) == HANDS


@pytest.mark.parametrize(("count", "made"), [(19, 1), (20, 2), (29, 2), (30, 3)])
def test_too_little_is_not_shared(count: int, made: int) -> None:
    assert len(set(processes(shares.shared(who, count, at_least=10)))) == made


def in_a_copy(then: Callable[[], object]) -> Callable[[int, int], bytes]:
    """`numbers`, and in copies something else first."""
    here = os.getpid()

    def work(start: int, stop: int) -> bytes:
        if os.getpid() != here:
            then()
        return numbers(start, stop)

    return work


@pytest.mark.parametrize(
    "fate",
    [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os.kill(os.getpid(), signal.SIGINT), lambda: os._exit(0), lambda: 1 // 0, lambda: sys.exit(3)],
    ids=["killed", "interrupted", "gone without an answer", "an error", "an exit"],
)  # fmt: skip
def test_what_a_copy_did_not_finish_is_done_here(fate: Callable[[], object], capfd: pytest.CaptureFixture[str]) -> None:
    """And nobody hears of it."""
    assert shares.shared(in_a_copy(fate), 90, at_least=10) == numbers(0, 90)
    assert capfd.readouterr() == ("", "")


def test_where_no_copy_can_be_made_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError("no room for another process")

    monkeypatch.setattr(os, "fork", fork)
    assert processes(shares.shared(who, 90, at_least=10)) == [os.getpid()] * 90


def test_what_a_copy_raises_is_raised_here() -> None:
    def work(start: int, stop: int) -> bytes:
        if stop == 90:
            raise Refused("a sealing key of small order", code="weak-key")
        return numbers(start, stop)

    with pytest.raises(Refused, match="small order"):
        shares.shared(work, 90, at_least=10)


def test_copies_end_with_a_process_that_goes_on_without_them() -> None:
    """Whoever presses Ctrl-C waits for none of them: each would take an hour."""
    here = os.getpid()

    def work(start: int, stop: int) -> bytes:
        if os.getpid() == here:
            raise KeyboardInterrupt
        signal.pause()
        return b""

    with pytest.raises(KeyboardInterrupt):
        shares.shared(work, 90, at_least=10)


def test_a_copy_cleans_nothing_up() -> None:
    """Files and connections are those of the process that it was copied from: here a finally, there an exit handler, would close them."""
    script = (
        "import atexit, sys; from govern.vault import shares; shares._processors = lambda: 3\n"
        "atexit.register(print, 'cleaned up'); sys.stdout.write('once;')\n"
        "try:\n shares.shared(lambda start, stop: b'x' * (stop - start), 90, at_least=10)\n"
        "finally:\n sys.stdout.write('finally;')\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert (said.stdout, said.stderr) == ("once;finally;cleaned up\n", "")


@pytest.mark.parametrize("size", [1, 1_000_000], ids=["what a pipe holds", "more than a pipe holds"])
def test_copies_end_with_a_process_that_is_killed(size: int) -> None:
    """They know what it knew: none of them waits for ever to be read. They hold on to our end of a pipe as long as they live."""
    script = (
        "import os, signal, sys, time; from govern.vault import shares; shares._processors = lambda: 3; here = os.getpid()\n"
        "def work(start, stop):\n"
        " if os.getpid() == here:\n  time.sleep(0.3)\n  os.kill(here, signal.SIGKILL)\n"
        " return b'x' * int(sys.argv[1])\n"
        "shares.shared(work, 90, at_least=10)\n"
    )
    before = children()
    with subprocess.Popen([sys.executable, "-c", script, str(size)], stdout=subprocess.PIPE) as process:
        said, _ = process.communicate(timeout=20)  # which ends when the last of them has closed its end
        assert said == b""
        assert process.returncode == -signal.SIGKILL
    for orphan in children() - before:  # they are left to us where a test before this one asked for the orphans of all that we start
        os.waitpid(orphan, 0)


@pytest.mark.parametrize("where", ["after_in_parent", "after_in_child"])
def test_ctrl_c_at_the_very_moment_of_a_copy_ends_the_process_and_not_its_work_in_the_copy(where: str) -> None:
    """Where Python's own hooks run it would be printed and passed over; in a copy it would unwind what this process has begun."""
    script = (
        "import os, signal, sys; from govern.vault import shares; shares._processors = lambda: 3; here = os.getpid()\n"
        f"os.register_at_fork({where}=lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "try:\n shares.shared(lambda start, stop: b'x' * (stop - start), 90, at_least=10)\n"
        "except KeyboardInterrupt:\n os.write(1, b'stopped ' if os.getpid() == here else b'unwound ')\n"
        "else:\n os.write(1, b'done ')\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert (said.stdout, said.stderr) == ({"after_in_parent": "stopped ", "after_in_child": "done "}[where], "")


def test_where_ended_processes_are_ignored_none_is_made() -> None:
    """Whoever started govern may have said so: nobody could wait for a copy then. Control: without it there are several."""
    script = (
        "import os, signal, sys; from govern.vault import shares; os.sched_getaffinity = lambda _: {0, 1, 2}\n"
        "if sys.argv[1] == 'ignored':\n signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "said = shares.shared(lambda start, stop: b'%d ' % os.getpid(), 90, at_least=10)\n"
        "print(len(set(said.split())))\n"
    )
    for ignored, processes in (("ignored", "1\n"), ("", "3\n")):
        said = subprocess.run([sys.executable, "-c", script, ignored], capture_output=True, text=True, check=True, timeout=60)
        assert (said.stdout, said.stderr) == (processes, "")


def test_a_process_with_threads_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert shares._processors() == 1
    finally:
        over.set()
        thread.join()


def test_a_process_without_threads_uses_the_processors_that_it_may() -> None:
    """And on one of them it is alone."""
    script = (
        "import os; from govern.vault import shares; print(shares._processors() == len(os.sched_getaffinity(0)))\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(shares._processors())"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "True\n1\n"


def test_wraps_of_all_shares_open_and_no_key_of_one_comes_back() -> None:
    """A copy that had gone on with the same chance would make the ephemeral keys of its neighbour."""
    people = [Keys.from_seed(bytes([number]) * 32) for number in range(1, 6)]
    to = [Recipient(one.id, one.seal_public) for one in people]
    sealed = []
    for number in range(1, 251):
        context = Context(b"v" * 32, b"a" * 16, number.to_bytes(16, "big"), "password", 1)
        sealed.append((context, *seal.seal_version(context, {"secret": str(number)}, random=os.urandom)))
    wraps = seal.wrap_each(sealed, to)
    assert len(wraps) == 1250
    assert len({wrap[:32] for _, _, wrap in wraps}) == 1250
    at = iter(wraps)
    for context, version, _ in sealed:
        for keys in people:
            target, recipient, wrap = next(at)
            assert (target, recipient) == (version.digest, keys.id)
            fields = seal.open_sealed(version, context, keys, wrap, expected=version.digest)
            assert fields == {"secret": str(int.from_bytes(context.credential, "big"))}
