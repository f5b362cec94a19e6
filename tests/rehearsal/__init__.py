"""Scenarios and drills on the virtual clock, on a real SQLite file each."""
