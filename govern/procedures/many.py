"""Many rotations by connectors: several servers at a time, one account at a time on each, and one failure stops no other.

The ledger is written by the thread that calls this, one transaction at a time; only questions to platforms are asked on threads, one for
each server. So each rotation goes through the very steps that it would go through alone, in the same order, and can be gone on with after any
of them. A server that asks for time is asked nothing more in this run, whichever account it was about.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from govern.connectors import address
from govern.errors import Failed, GovernError, Usage
from govern.procedures.connected import carry, changing
from govern.procedures.connecting import Carried
from govern.procedures.exchange import Answer, Exchange, Steps
from govern.register.queries import accounts, rotations

if TYPE_CHECKING:
    from govern.procedures.connecting import Way
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace

AT_ONCE: Final = 8
"""Servers that are asked at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One rotation to carry out. `server`: where, so that no two of the same go at a time; jobs of one server go in the order given."""

    rotation: Rotation
    way: Way
    server: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one came out: how far it came, or why it could not go on at all."""

    carried: Carried
    error: GovernError | None = None


Heard = Callable[[Job, Ended | None], None]
"""Told of each job, on the calling thread: None as it begins, then how it ended."""


def job(workspace: Workspace, rotation: Rotation, way: Way) -> Job:
    """A rotation and its server; an account whose url no secret is sent to is a server of its own, and says why when its turn comes."""
    account = accounts.by_id(workspace.view(), rotation.account)
    try:
        at = address.read(account.url, account.handle)
        server = f"{at.host}:{at.port}"
    except Usage:
        server = account.id
    return Job(rotation=rotation, way=way, server=server, url=account.url)


class _Lane:
    """One server: its jobs, the one under way, and the thread on which its platform is asked."""

    def __init__(self, server: str, jobs: Sequence[Job], answers: SimpleQueue[tuple[_Lane, Answer]]) -> None:
        self.jobs = deque(jobs)
        self.steps: Steps[Carried] | None = None
        self.asks = 0
        """Questions of the job under way."""
        self._answers = answers
        self._questions: SimpleQueue[Exchange[Any] | None] = SimpleQueue()
        # A daemon: who wants to leave at once does not wait for a server that never answers.
        Thread(target=self._ask, name=f"govern {server}", daemon=True).start()

    def _ask(self) -> None:
        while (exchange := self._questions.get()) is not None:
            self._answers.put((self, Answer(exchange)))

    def ask(self, exchange: Exchange[Any]) -> None:
        self.asks += 1
        self._questions.put(exchange)

    def close(self) -> None:
        """Ask nothing more; what is under way is given up."""
        self._questions.put(None)
        if self.steps is not None:
            self.steps.close()


class _Run:
    """One run over many servers."""

    def __init__(self, workspace: Workspace, clock: Callable[[], str], heard: Heard, stop: Callable[[], bool]) -> None:
        self._workspace, self._clock, self._heard, self._stop = workspace, clock, heard, stop
        self._answers: SimpleQueue[tuple[_Lane, Answer]] = SimpleQueue()
        self._lanes: set[_Lane] = set()
        self.ended: dict[str, Ended] = {}

    def all(self, servers: Mapping[str, Sequence[Job]]) -> None:
        todo = deque(servers.items())
        try:
            while todo or self._lanes:
                while todo and len(self._lanes) < AT_ONCE:
                    lane = _Lane(*todo.popleft(), self._answers)
                    self._lanes.add(lane)
                    self._next(lane)
                if self._lanes:
                    self._go_on(*self._answers.get())
        finally:
            for lane in self._lanes:
                lane.close()

    def _next(self, lane: _Lane) -> None:
        """Begin with the jobs of a server until one waits for an answer; done with it where none is left."""
        while lane.jobs:
            job = lane.jobs[0]
            if self._stop():
                self._end(lane, Ended(carried=Carried(rotation=job.rotation, why="interrupted before it was begun", stopped=True)))
                continue
            self._heard(job, None)
            steps = lane.steps = carry(self._workspace, job.rotation.id, job.way, self._clock, self._stop)
            lane.asks = 0
            if self._step(lane, lambda steps=steps: steps.send(None)):  # type: ignore[misc]
                return
        lane.close()
        self._lanes.remove(lane)

    def _go_on(self, lane: _Lane, answer: Answer) -> None:
        steps = lane.steps
        assert steps is not None  # noqa: S101  it has asked
        if not self._step(lane, lambda: answer.to(steps)):
            self._next(lane)

    def _step(self, lane: _Lane, step: Callable[[], Exchange[Any]]) -> bool:
        """Up to the next question, which goes to the lane's thread: True. False where the job has ended."""
        try:
            exchange = step()
        except StopIteration as end:
            self._end(lane, Ended(carried=end.value))
            return False
        except GovernError as error:
            # Where the ledger itself is in trouble, this raises again, and the run ends here.
            rotation = rotations.by_id(self._workspace.view(), lane.jobs[0].rotation.id)
            self._end(lane, Ended(carried=Carried(rotation=rotation, why=error.message), error=error))
            return False
        if self._workspace.db.in_transaction:
            raise Failed("a platform would have been asked inside of a transaction", code="defect")
        lane.ask(exchange)
        return True

    def _end(self, lane: _Lane, ended: Ended) -> None:
        job, lane.steps = lane.jobs.popleft(), None
        self._tell(job, ended)
        if ended.carried.retry_at and lane.asks:
            for left in lane.jobs:
                self._tell(left, Ended(carried=replace(ended.carried, rotation=left.rotation, why="its server asked to be left alone")))
            lane.jobs.clear()

    def _tell(self, job: Job, ended: Ended) -> None:
        self.ended[job.rotation.id] = ended
        self._heard(job, ended)


def carry_all(
    workspace: Workspace, jobs: Sequence[Job], clock: Callable[[], str], heard: Heard, *, stop: Callable[[], bool] = lambda: False
) -> list[Ended]:
    """Carry out each of these as far as its platform lets it; how each came out, in the order given.

    Once `stop` says so nothing more is begun: what was asked is answered and recorded, and our sessions on the platforms are ended. A crash at
    any moment, a KeyboardInterrupt too, leaves each rotation where it can be gone on with. Raises Refused where another process is changing
    something on this machine, and whatever keeps the ledger from being read.
    """
    servers: dict[str, list[Job]] = {}
    for one in jobs:
        servers.setdefault(one.server, []).append(one)
    run = _Run(workspace, clock, heard, stop)
    with changing(workspace):
        run.all(servers)
    return [run.ended[one.rotation.id] for one in jobs]
