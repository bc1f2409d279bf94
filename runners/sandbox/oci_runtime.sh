#!/bin/sh
# An OCI runtime that puts every container into control groups of its own and lets runc do the rest.
#
# Rootless podman on cgroup v1 accepts limits and drops them. Where the host has delegated control groups (the file `slot`
# beside this one lists them), this makes a leaf for each container, writes the limits that the container's configuration
# names in COUNTERSIGN_LIMITS=<bytes of memory>:<processes>, enters the leaf, and becomes runc; on delete the leaf goes.
# The limits of the slot above stay root's. Does nothing but call runc where there is no slot.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
slot=$(dirname "$0")/slot

command= bundle= id=
next=
for argument; do
  case $next in bundle) bundle=$argument; next=; continue ;; skip) next=; continue ;; esac
  case $argument in
    --bundle|-b) next=bundle ;;
    --root|--log|--log-format|--pid-file|--console-socket|--criu|--preserve-fds) next=skip ;;
    --rootless|--process|-p) next=skip ;;
    -*) ;;
    *) if [ -z "$command" ]; then command=$argument; elif [ -z "$id" ]; then id=$argument; fi ;;
  esac
done

enter() { echo $$ >"$1/$id/cgroup.procs"; }

if [ -s "$slot" ] && [ -n "$id" ]; then
  case $command in
    create)
      limits=$(sed -n 's/.*"COUNTERSIGN_LIMITS=\([0-9]\{1,18\}:[0-9]\{1,9\}\)".*/\1/p' "$bundle/config.json")
      while read -r controller folder; do
        mkdir "$folder/$id"
        case $controller in
          memory)
            [ -z "$limits" ] || echo "${limits%:*}" >"$folder/$id/memory.limit_in_bytes"
            # Without this line memory beyond the limit would go to swap. The file is missing where swap is not counted.
            [ -z "$limits" ] || [ ! -e "$folder/$id/memory.memsw.limit_in_bytes" ] ||
              echo "${limits%:*}" >"$folder/$id/memory.memsw.limit_in_bytes" ;;
          pids) [ -z "$limits" ] || echo "${limits#*:}" >"$folder/$id/pids.max" ;;
        esac
        enter "$folder"
      done <"$slot" ;;
    exec)
      while read -r _ folder; do enter "$folder"; done <"$slot" ;;
    delete)
      status=0
      runc "$@" || status=$?
      while read -r _ folder; do rmdir "$folder/$id" 2>/dev/null || :; done <"$slot"
      exit $status ;;
  esac
fi
exec runc "$@"
