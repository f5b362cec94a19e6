"""The PostgreSQL database that the days are played on one after the other."""

