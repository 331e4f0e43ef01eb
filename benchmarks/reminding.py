"""Reminders at 100,000 credentials: a run that tells 200 people of 1,000 things, and one that finds nothing to tell.

Every account is held by one of those people, who have no keys, and they have all been given their secrets: what is looked for among hand-overs is the dearest
where nothing is found. What mail takes is left out: each message counts as delivered once it was made.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, environment, ms, processes, timed
from member import NOW, Member, found

if TYPE_CHECKING:
    from govern.notices.message import Delivery, Message
    from govern.register.transaction import Transaction

PEOPLE, DUE = 200, 1_000
LONGEST = 3.0
"""Seconds that a run may take, start-up and mail left out."""
ROUNDS = 3


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    count = 5_000 if quick else 100_000
    member = folder / f"reminding-{count}"
    if not member.exists():
        subprocess.run([sys.executable, __file__, str(member), str(count)], env=environment(), check=True)
    vault = Member(member)
    subprocess.run(vault.command("remind")[0], env=vault.environment, check=True, capture_output=True)  # now nothing is due
    ours, floor = processes(7 if quick else 15, vault.command("remind"), vault.command("who", "a-000000"))
    yield Result(
        work=f"reminders with nothing due, {count:,} credentials, as a process", subject=ms(ours.wall), floor=f"govern who {ms(floor.wall)}",
        ratio=ours.wall / floor.wall, bar=1.25,
    )  # fmt: skip
    seconds, processor = (statistics.median(column) for column in zip(*_runs(vault), strict=True))
    yield Result(
        work=f"reminders of {DUE:,} things to {PEOPLE} people, {count:,} credentials, mail left out", subject=f"{ms(seconds)} ({ms(processor)} of processor)",
        floor=ms(LONGEST), ratio=seconds / LONGEST, bar=1.0,
    )  # fmt: skip


def _runs(member: Member) -> Iterator[tuple[float, float]]:
    """The seconds on the clock and of processor of runs three days apart: all that is due is overdue by then, and is told again."""
    from govern.notices.message import Delivery, Outcome
    from govern.procedures.posts import Post
    from govern.procedures.remind import Ran, remind

    def send(messages: Iterable[Message]) -> Iterator[tuple[Message, Delivery]]:
        for message in messages:
            yield message, Delivery(outcome=Outcome.DELIVERED)

    for number in range(1, ROUNDS + 1):
        now = (datetime.fromisoformat(NOW) + timedelta(days=3 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        done: list[Ran] = []
        with member.workspace() as workspace:
            workspace.view()
            _ = workspace.keys
            started = time.process_time()
            seconds = timed(lambda: done.append(remind(workspace, lambda: now, posts=lambda *_: [Post("list", send)])))()  # noqa: B023
            yield seconds, time.process_time() - started
        assert sum(len(one.digest.notices) for one in done[0].sent) >= DUE, done
        assert len(done[0].sent) >= PEOPLE


def grow(member: Member, count: int) -> None:
    """The vault: of its passwords a thousand are due by the calendar today, the others were changed yesterday."""
    from govern.policy.files import policy_text  # the shipped rules, without quiet hours
    from govern.policy.parse import parse_policy
    from govern.procedures import policy

    rules = policy_text().decode().replace("quiet: {from: 20, until: 7}", "quiet: {from: 0, until: 0}")
    with member.workspace() as workspace:
        with workspace.transaction(NOW) as tx:
            policy.adopt(tx, parse_policy(rules.encode(), name="rules.yaml", preset="small"))
            people = [tx.new_id() for _ in range(PEOPLE)]
            for number, person in enumerate(people):
                tx.record(
                    "person.added", {"person": person}, {"handle": f"p{number}", "name": f"P{number}", "mail": f"p{number}@acme.example"}
                )
        for start in range(0, count, 2_000):
            with workspace.transaction(NOW) as tx:
                for number in range(start, min(start + 2_000, count)):
                    _account(tx, number, people[number % PEOPLE], people[(number + 1) % PEOPLE], 365 if number < DUE else 1)


def _account(tx: Transaction, number: int, custodian: str, holder: str, age: int) -> None:
    from govern.procedures.sealing import recipients, seal
    from govern.vault.seal import Context

    account, credential = tx.new_id(), tx.new_id()
    changed = (datetime.fromisoformat(NOW) - timedelta(days=age)).strftime("%Y-%m-%dT12:00:00Z")
    tx.record("account.added", {"account": account, "handle": f"a-{number:06}", "platform": "x", "tier": "standard", "custodian": tx.actor})
    tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": tx.actor, "founding": True})
    tx.record("credential.added", {"credential": credential, "account": account, "kind": "password"})
    context = Context(tx.workspace.vault, bytes.fromhex(account), bytes.fromhex(credential), "password", 1)
    sealed = seal(tx, context, {"secret": f"secret-{number}"}, recipients(tx.register, account, kind="password"))
    tx.record(
        "version.staged",
        {"credential": credential, "version": 1, "state": "current", "origin": "set", "changed_at": changed, **sealed},
    )
    tx.record("grant.issued", {"grant": tx.new_id(), "account": account, "person": holder})
    tx.record("secret.handed_over", {"credential": credential, "version": 1, "person": holder, "via": "call"})
    tx.record("account.custody", {"account": account, "custodian": custodian})


if __name__ == "__main__":
    grow(found(Path(sys.argv[1])), int(sys.argv[2]))
