"""Backends of the `Broker` port, one target a file."""
