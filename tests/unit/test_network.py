"""No unit test reaches the network: one that tries is told so."""

import socket

import pytest


def test_a_unit_test_that_reaches_for_the_network_is_told_so() -> None:
    with socket.socket() as one, pytest.raises(UserWarning, match="tried to use"):
        one.connect(("192.0.2.1", 80))
