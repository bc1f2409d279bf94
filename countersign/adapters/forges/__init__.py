"""One forge a file; none imports another."""
