"""Signed records and their chain: pure computation over bytes."""
