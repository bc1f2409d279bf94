"""Pure decision logic: no I/O, no clock, no environment, no logging."""
