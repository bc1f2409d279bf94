"""A whole installation of Countersign on loopback: what the demo and the acceptance tests play on."""
