"""The command line, `incident-clock …`: data on stdout, everything else on stderr.

Exit 0 fine, 1 a finding, 2 could not run.
"""

from incident_clock.cli.main import main

__all__ = ["main"]
