"""From the bytes of a delivery to an event: pure, one forge a file. Nothing here reads the network, the clock or a setting."""
