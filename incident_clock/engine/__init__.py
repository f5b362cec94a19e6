"""What is due now: one tick (read, decide, write), the self-audit, and the runner that keeps both going."""
