"""What a process of tests tells the one that started it: what that one shows, and no more.

Six messages per test go between them otherwise, and most tests are quicker than their messages. It knows pytest-xdist, and nothing of any test.
"""

from __future__ import annotations

from typing import Any

import pytest


def less(config: pytest.Config) -> None:
    """Called once per process. In one that another started, where nobody asked for more than what failed and how many did not."""
    said = config.option
    if said.verbose >= 0 or said.durations or said.xmlpath or getattr(said, "report_log", None):
        return
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            config.pluginmanager.unregister(plugin)
            plugin.__class__ = _less(type(plugin))
            config.pluginmanager.register(plugin)


def _less(interactor: Any) -> type:
    class Less(interactor):  # type: ignore[misc]
        """That a test begins and ends is seen from its report; that it was set up and taken down well, from nothing else coming."""

        def pytest_runtest_logstart(self) -> None: ...

        def pytest_runtest_logfinish(self) -> None: ...

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.when == "call" or not report.passed or report.sections:
                super().pytest_runtest_logreport(report)

    return Less
