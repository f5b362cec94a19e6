"""Tests of `incident_clock.people`: one suite on SQLite and PostgreSQL. `files.py` holds the sample people file."""
