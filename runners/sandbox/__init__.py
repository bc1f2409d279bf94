"""Runs one command in one container: hardened, proved from inside, gone afterwards."""
