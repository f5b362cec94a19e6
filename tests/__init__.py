"""The suite. Support files lie here beside `conftest.py`; `CONTRIBUTING.md` says which fixtures there are."""
