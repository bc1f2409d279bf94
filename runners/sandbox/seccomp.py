"""The system calls that a run may make: a list of what is allowed, by purpose. Everything else does not exist (ENOSYS).

Left out on purpose: namespaces and mounts (unshare, setns, mount, pivot_root, chroot, fsopen and kin), looking into other
processes (ptrace, process_vm_*, kcmp, pidfd_getfd), the kernel's own stores and programs (bpf, keyctl, perf_event_open,
userfaultfd, io_uring_*), `clone3`, whose flags a filter cannot see (C libraries fall back to `clone`), and every socket
family but unix, IPv4 and IPv6: AF_VSOCK reaches the host of a virtual machine. Calls by 32-bit conventions are not let in.
"""

import json

from countersign.domain.ids import Digest, digest_of

_ALLOWED: dict[str, str] = {
    "files": """
        access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
        fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
        fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr ioctl lchown lgetxattr link
        linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat
        openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
        removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync
        sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev""",
    "waiting for them": """
        epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 inotify_add_watch
        inotify_init inotify_init1 inotify_rm_watch poll ppoll pselect6 select signalfd signalfd4 timerfd_create
        timerfd_gettime timerfd_settime""",
    "memory": """
        brk madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap
        pkey_alloc pkey_free pkey_mprotect""",
    "processes and threads": """
        arch_prctl execve execveat exit exit_group fork futex futex_wait futex_waitv futex_wake get_robust_list
        get_thread_area getcpu getpgid getpgrp getpid getppid getpriority getrlimit getrusage getsid gettid ioprio_get kill
        pause pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq sched_get_priority_max sched_get_priority_min
        sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
        sched_yield set_robust_list set_tid_address set_thread_area setpgid setpriority setrlimit setsid tgkill times tkill
        vfork wait4 waitid""",
    "signals": """
        alarm rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
        rt_tgsigqueueinfo sigaltstack""",
    "who and where": """
        capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid setgid setgroups
        setregid setresgid setresuid setreuid setuid sysinfo uname""",
    "time": """
        clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
        timer_getoverrun timer_gettime timer_settime""",
    "talking": """
        accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
        sendto setsockopt shutdown""",
    "shared memory": """
        mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink semctl semget semop semtimedop shmat shmctl
        shmdt shmget""",
    "chance": "getrandom",
}
_FAMILIES = (1, 2, 10)
"""AF_UNIX, AF_INET, AF_INET6."""
_NAMESPACE_FLAGS = 0x7E020080
"""The flags of clone(2) that make namespaces (CLONE_NEW*, CLONE_NEWTIME included)."""
_ENOSYS = 38


def profile() -> bytes:
    """Give the profile in the JSON form that podman and Docker read."""
    names = sorted({name for group in _ALLOWED.values() for name in group.split()})
    rules: list[dict[str, object]] = [
        {"names": names, "action": "SCMP_ACT_ALLOW"},
        _when("clone", {"index": 0, "value": _NAMESPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}),
        _when("socketpair", {"index": 0, "value": _FAMILIES[0], "op": "SCMP_CMP_EQ"}),
        *(_when("socket", {"index": 0, "value": family, "op": "SCMP_CMP_EQ"}) for family in _FAMILIES),
    ]
    document = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": _ENOSYS,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": rules,
    }
    return json.dumps(document, indent=1).encode()


def profile_digest() -> Digest:
    """Give the digest of the profile, for the record."""
    return digest_of(profile())


def _when(name: str, condition: dict[str, object]) -> dict[str, object]:
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": [condition]}
