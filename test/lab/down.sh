#!/bin/bash
# Ends what up.sh and datapath.sh started, by pid, and removes what they made; the logs stay in LAB_DIR/log.
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lab/lab.sh
. "$LAB/lab.sh"

# Only with --cleanup does it take its bridges' devices with it.
if alive vswitchd; then
  ovs-appctl --timeout=10 --target="$LAB_DIR/vswitchd.ctl" exit --cleanup || true
fi
for daemon in ovn-controller vswitchd vswitch neutron keystone ovn-northd ovn-sb ovn-nb rabbit epmd mariadb; do
  end $daemon
done
# A namespace takes its end of a veth pair, and so the whole pair, with it.
if [ -e "$LAB_NAMESPACES" ]; then
  while read -r namespace; do
    ip netns delete "$namespace" 2>/dev/null || true
  done <"$LAB_NAMESPACES"
fi
find "$LAB_DIR" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf {} +
step 'the lab is down'
