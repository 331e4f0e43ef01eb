"""Real servers, one each per run of the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story, govern_command
from tests.platforms import synapse as synapse_server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is one of `make test-platforms`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.platforms)


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[synapse_server.Synapse]:
    with synapse_server.running(tmp_path_factory.mktemp("synapse")) as one:
        yield one


def killed(story: Story, link: Any, at: int, forwarded: bool, *words: str, stdin: Any = subprocess.DEVNULL) -> int:
    """Run the installed command and have it killed at that request; its exit code, negative where a signal ended it."""
    with subprocess.Popen(
        [govern_command(), *words], env=story.environment(), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        link.kill(process.pid, at=at, forwarded=forwarded)
        process.communicate(timeout=120)
    link.leave_alone()
    return process.returncode
