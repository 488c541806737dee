#!/usr/bin/python3
"""Runs a command as a unit of systemd would, without systemd: sandbox.py UID WRITABLE[:WRITABLE] UNIT[:DROP-IN] COMMAND...

Enforced as the unit files say: a user with an entry in passwd, capabilities, UMask=, ProtectSystem=strict, RestrictAddressFamilies=,
RestrictNamespaces=, MemoryDenyWriteExecute=, SystemCallFilter= (its groups are those of systemd-analyze), all by the
same means of the kernel. Nothing else of them is. Needs root, util-linux, systemd and python3-seccomp.
"""
import ctypes
import errno
import os
import socket
import subprocess
import sys
import tempfile

import seccomp
from seccomp import ALLOW, EQ, ERRNO, MASKED_EQ, Arg, SyscallFilter

LISTS = {"AmbientCapabilities", "CapabilityBoundingSet", "RestrictAddressFamilies", "RestrictNamespaces", "SystemCallFilter"}
NAMESPACES = {
    "cgroup": 0x02000000, "ipc": 0x08000000, "net": 0x40000000, "mnt": 0x00020000,
    "pid": 0x20000000, "user": 0x10000000, "uts": 0x04000000,
}
CLONE_NEWNS, MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 1, 32, 4096, 16384, 1 << 18
PROT_WRITE_EXEC, PROT_EXEC = 6, 4


def directives(files):
    """As systemd reads them: an empty assignment resets a list, further ones add to it; of the others the last counts."""
    found = {}
    for file in files:
        for line in open(file, encoding="utf-8"):
            key, equals, value = line.strip().partition("=")
            if not equals or key.startswith("#"):
                continue
            if key in LISTS:
                found[key] = found.get(key, []) + [value] if value else []
            else:
                found[key] = value
    return found


def words(unit, key):
    return [word for value in unit.get(key, []) for word in value.split()]


def capabilities(unit, key):
    return ",".join(["-all"] + ["+" + word.removeprefix("CAP_").lower() for word in words(unit, key)])


def calls(name):
    """Of a group, with the groups in it."""
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
    members = [line.strip() for line in text.splitlines()[1:]]
    return set().union(*(calls(member) for member in members if member and not member.startswith("#")))


def allowed_calls(unit):
    allowed = set()
    for value in unit.get("SystemCallFilter", []):
        named = set().union(*(calls(name) for name in value.removeprefix("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named | calls("@default")
    return allowed


def mount(source, target, flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), None, flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def as_root(uid, writable, files, command):
    unit = directives(files)
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        raise OSError("unshare")
    mount("none", "/", MS_REC | MS_PRIVATE)
    for folder in writable:
        mount(folder, folder, MS_BIND)
    # What libnss-systemd says of a dynamic user.
    with tempfile.NamedTemporaryFile("w") as passwd:
        passwd.write(open("/etc/passwd", encoding="utf-8").read())
        passwd.write(f"route-sync:x:{uid}:{uid}:Dynamic User:/:/usr/sbin/nologin\n")
        passwd.flush()
        os.chmod(passwd.name, 0o644)
        mount(passwd.name, "/etc/passwd", MS_BIND)
    if unit.get("ProtectSystem") == "strict":
        mount("none", "/", MS_REMOUNT | MS_BIND | MS_RDONLY)
    ambient = capabilities(unit, "AmbientCapabilities")
    inner = [sys.executable, __file__, "--inner", ":".join(files), *command]
    os.execvp("setpriv", [
        "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", f"--inh-caps={ambient}", f"--ambient-caps={ambient}",
        "--bounding-set=" + capabilities(unit, "CapabilityBoundingSet"), "--no-new-privs", *inner,
    ])


def restrict_families(unit):
    families = words(unit, "RestrictAddressFamilies")
    if not families:
        return
    kept = {int(getattr(socket, family)) for family in families}
    rules = SyscallFilter(ALLOW)
    for family in set(range(46)) - kept:
        rules.add_rule(ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, EQ, family))
    rules.load()


def restrict_namespaces(unit):
    kept = words(unit, "RestrictNamespaces")
    if not kept or kept == ["no"]:
        return
    rules = SyscallFilter(ALLOW)
    rules.add_rule(ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(ERRNO(errno.EPERM), "setns", Arg(1, EQ, 0))
    for name, flag in NAMESPACES.items():
        if name not in kept:
            for call, position in (("unshare", 0), ("clone", 0), ("setns", 1)):
                rules.add_rule(ERRNO(errno.EPERM), call, Arg(position, MASKED_EQ, flag, flag))
    rules.load()


def restrict_memory(unit):
    if unit.get("MemoryDenyWriteExecute") != "yes":
        return
    rules = SyscallFilter(ALLOW)
    rules.add_rule(ERRNO(errno.EPERM), "mmap", Arg(2, MASKED_EQ, PROT_WRITE_EXEC, PROT_WRITE_EXEC))
    for call in ("mprotect", "pkey_mprotect"):
        rules.add_rule(ERRNO(errno.EPERM), call, Arg(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    rules.load()


def restrict_calls(unit):
    allowed = allowed_calls(unit)
    if not allowed:
        return
    rules = SyscallFilter(ERRNO(errno.EPERM))
    for call in sorted(allowed):
        try:
            rules.add_rule(ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # of another architecture, or newer than libseccomp
    rules.load()


def as_user(files, command):
    unit = directives(files)
    if unit.get("WatchdogSec"):
        os.environ["WATCHDOG_PID"] = str(os.getpid())
    os.umask(int(unit.get("UMask", "0022"), 8))
    # The last may deny the loading of filters.
    for restrict in (restrict_families, restrict_namespaces, restrict_memory, restrict_calls):
        restrict(unit)
    os.execvp(command[0], command)


if sys.argv[1] == "--inner":
    as_user(sys.argv[2].split(":"), sys.argv[3:])
else:
    as_root(sys.argv[1], sys.argv[2].split(":"), sys.argv[3].split(":"), sys.argv[4:])
