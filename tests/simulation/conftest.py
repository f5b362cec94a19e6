"""The PostgreSQL database that the days are played on one after the other."""

from tests.support.databases import kept_database, postgresql_store

__all__ = ["kept_database", "postgresql_store"]
