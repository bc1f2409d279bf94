"""What a container is made with, looked at without an engine. That it binds is shown in tests/integration/sandbox."""

import json
from pathlib import Path

import pytest

from countersign.domain.ids import RunId
from countersign.domain.run import Endpoint, Limits, RunSpec
from runners.sandbox import seccomp
from runners.sandbox.hardening import settings

SPEC = RunSpec(
    run=RunId("run-aaaaaaaaaaaaaaaaaaaa"),
    argv=("psql", "--file=secret-looking.sql"),
    image="localhost/tools@sha256:" + "1" * 64,
    limits=Limits(memory=256 << 20, pids=64, timeout=60),
    network="production",
    allow=(Endpoint("db.shop.example", 5432),),
    files={"secret-looking.sql": b"select 1"},
    environment={"COUNTERSIGN_ENVIRONMENT": "production"},
    controls=frozenset(),
)
FORBIDDEN = [
    "add_key",
    "bpf",
    "chroot",
    "clone3",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_load",
    "keyctl",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "reboot",
    "request_key",
    "setns",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
]


def test_each_wall_is_asked_for() -> None:
    asked = settings(SPEC, seccomp="/profile.json", mount=Path("/door"), hosts={"db.shop.example": "127.0.1.1"})
    assert asked["read_only"] is True
    assert asked["cap_drop"] == ["ALL"]
    assert set(asked["security_opt"]) == {"no-new-privileges", "seccomp=/profile.json"}
    assert asked["network_mode"] == "none"
    assert asked["user"] == "65532:65532"
    assert (asked["mem_limit"], asked["memswap_limit"], asked["pids_limit"]) == (256 << 20, 256 << 20, 64)
    assert asked["log_config"] == {"type": "none"}
    assert asked["volumes"] == {"/door": {"bind": "/run/countersign", "mode": "ro"}}
    assert not {"privileged", "cap_add", "devices", "pid_mode", "userns_mode"} & asked.keys()


def test_whatever_can_be_written_is_bounded_and_runs_nothing() -> None:
    asked = settings(SPEC, seccomp="", mount=None, hosts={})
    for options in asked["tmpfs"].values():
        words = set(options.split(","))
        assert {"nosuid", "nodev", "noexec"} <= words
        assert any(word.startswith("size=") for word in words)
    sizes = [
        int(word.removeprefix("size=")) for options in asked["tmpfs"].values() for word in options.split(",") if "size=" in word
    ]
    assert sum(sizes) + asked["shm_size"] <= SPEC.limits.memory + (2 << 20)
    assert asked["volumes"] == {}


def test_the_engine_learns_nothing_of_the_command() -> None:
    told = json.dumps(settings(SPEC, seccomp="", mount=None, hosts={}))
    for word in ("psql", "secret-looking", "select 1", "COUNTERSIGN_ENVIRONMENT"):
        assert word not in told


@pytest.mark.parametrize("call", FORBIDDEN)
def test_a_dangerous_call_is_allowed_by_no_rule(call: str) -> None:
    assert not any(call in rule["names"] for rule in json.loads(seccomp.profile())["syscalls"])


def test_what_no_rule_names_does_not_exist() -> None:
    profile = json.loads(seccomp.profile())
    assert (profile["defaultAction"], profile["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 38)
    assert {rule["action"] for rule in profile["syscalls"]} == {"SCMP_ACT_ALLOW"}
    conditional = {name for rule in profile["syscalls"] if rule.get("args") for name in rule["names"]}
    assert conditional == {"clone", "socket", "socketpair"}
    assert not conditional & {name for rule in profile["syscalls"] if not rule.get("args") for name in rule["names"]}


def test_the_profile_is_the_same_each_time() -> None:
    assert seccomp.profile() == seccomp.profile()
    assert seccomp.profile_digest().startswith("sha256:")
