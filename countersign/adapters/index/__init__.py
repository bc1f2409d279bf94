"""A local index of an audit branch, to answer questions at once. Thrown away at will, and never asked whether a record is true."""
