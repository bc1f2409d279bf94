"""A packet: everything about one change in one folder, that anybody can check with a public key and without a repository. Pure."""
