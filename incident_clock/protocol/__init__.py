"""What ought to happen: the rule as data, and pure decisions over it. `now` is always an argument."""
