"""`python -m incident_clock …` is the same as `incident-clock …`."""

from incident_clock.cli import main

main()
