"""Real servers, one each per run of the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Story, govern_command
from tests.platforms import bluesky, wordpress
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


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bluesky.Pds]:
    with bluesky.running(tmp_path_factory.mktemp("pds")) as one:
        yield one


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wordpress.Site]:
    with wordpress.running(tmp_path_factory.mktemp("wordpress")) as one:
        yield one


@pytest.fixture(scope="session")
def admin(site: wordpress.Site) -> str:
    """An application password of the site's admin, for govern."""
    return site.app_password(wordpress.ADMIN, wordpress.ADMIN_PASSWORD, "govern")


def killed(story: Story, link: Any, at: int, forwarded: bool, *words: str, stdin: Any = subprocess.DEVNULL) -> int:
    """Run the installed command and have it killed at that request; its exit code, negative where a signal ended it."""
    with subprocess.Popen(
        [govern_command(), *words], env=story.environment(), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        link.kill(process.pid, at=at, forwarded=forwarded)
        process.communicate(timeout=120)
    link.leave_alone()
    return process.returncode
