"""Values that must not leave, and the tokens that stand for them. Pure: texts in, texts out; no clock, no file, no log."""
