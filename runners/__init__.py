"""The hands: they look again, decide again, mint, run, revoke and record."""
