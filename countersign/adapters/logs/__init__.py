"""Logs of targets, one vendor a file: each gives the uses of credentials that the target saw, and refuses what it cannot read."""
