"""What has happened: incidents, their stamped deadlines, and the append-only ledger. The verbs are the only writers."""
