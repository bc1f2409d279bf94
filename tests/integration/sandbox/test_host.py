"""An engine of its own is brought up and taken away again, as root and as an ordinary user, and nothing of it is left."""

from pathlib import Path

from runners.sandbox import commands, host, place


def test_what_was_brought_up_is_taken_away_with_all_that_it_made(tmp_path: Path) -> None:
    state = tmp_path / "engine"
    socket = host.up(state)
    where = place.find(state)
    try:
        assert host.up(state) == socket
        assert host.status(state) == socket
        assert where.podman("info", "--format", "{{.Host.Security.Rootless}}").strip() == "true"
        (where.base / "storage").stat()
    finally:
        assert host.down(state, purge=True)
    assert not (where.base / "storage").exists()
    assert not socket.exists()
    assert host.status(state) is None
    assert dict(commands.processes(where.account, naming=str(where.runtime_dir))) == {}
    assert not host.down(state, purge=True)
