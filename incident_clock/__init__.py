"""The incident clock: five statutory deadlines, reminded and escalated until each step is logged.

`docs/tour.md` follows one incident through the packages; `pyproject.toml` holds the layers they keep.
"""

__version__ = "0.1.0"
