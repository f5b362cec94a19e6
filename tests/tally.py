"""Counts the tests that really ran on PostgreSQL and in Chromium, prints both, and under CI insists on both.

A fixture calls `ran(request, ON_POSTGRESQL)`; the word travels with the test's report, from an xdist worker too.
"""

import os

import pytest

ON_POSTGRESQL, IN_CHROMIUM = "on PostgreSQL", "in Chromium"
KEY = "ran"


def ran(request: pytest.FixtureRequest, where: str) -> None:
    """The test of `request` runs `where`."""
    request.node.user_properties.append((KEY, where))


class Tally:
    """The plugin of the controlling process."""

    def __init__(self) -> None:
        self.counts = {ON_POSTGRESQL: 0, IN_CHROMIUM: 0}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            for where in {value for key, value in report.user_properties if key == KEY}:
                self.counts[where] += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._missing() and session.exitstatus == pytest.ExitCode.OK and not session.config.option.collectonly:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        said = " · ".join(f"{count} tests {where}" for where, count in self.counts.items())
        terminalreporter.write_line(f"passed for real: {said}")
        if missing := self._missing():
            line = f"CI=true, and no test passed {' or '.join(missing)}: this run fails."
            terminalreporter.write_line(line, red=True)

    def _missing(self) -> list[str]:
        return [where for where, count in self.counts.items() if not count] if os.environ.get("CI") == "true" else []
