"""What every ledger has in common: facts, the hash chain, and the book that keeps one in the database."""
