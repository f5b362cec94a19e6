"""The database, knowing nothing of incidents: types, naming convention, sessions, guards."""
