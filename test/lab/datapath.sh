#!/bin/bash
# Gives the lab packets: Open vSwitch with its userspace datapath and one OVN gateway chassis on this machine.
#   datapath.sh up                       also makes the namespace `lab-upstream`, the router in front of the cloud
#   datapath.sh plug NAMESPACE PORT MAC ADDRESS/LENGTH,GATEWAY...
#                                        makes the namespace act as the instance on that Neutron port
#   datapath.sh unplug NAMESPACE
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lab/lab.sh
. "$LAB/lab.sh"
# shellcheck source=test/lab/neutron.sh
. "$LAB/neutron.sh"
CHASSIS=lab-chassis
MAPPINGS=public:br-public

# add_namespace <namespace> <bridge> <address/length...>: a namespace whose eth0 is a port of the bridge.
# The host end of the pair is called like the namespace.
add_namespace() {
  local namespace=$1 bridge=$2 address
  ip netns add "$namespace"
  echo "$namespace" >>"$LAB_NAMESPACES"
  ip link add "$namespace" type veth peer name eth0 netns "$namespace"
  # The userspace datapath does not compute the checksums that a veth leaves to its peer.
  logged ethtool ethtool -K "$namespace" tx off
  logged ethtool ip netns exec "$namespace" ethtool -K eth0 tx off
  ip link set "$namespace" addrgenmode none up
  ip netns exec "$namespace" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
  ip -n "$namespace" link set lo up
  ip -n "$namespace" link set eth0 up
  for address in "${@:3}"; do
    ip -n "$namespace" address add "$address" dev eth0
  done
  ovs-vsctl add-port "$bridge" "$namespace"
}

start_chassis() {
  local bridge
  start_ovsdb vswitch /usr/share/openvswitch/vswitch.ovsschema db.sock
  ovs-vsctl --no-wait init -- set open_vswitch . "external-ids:system-id=$CHASSIS" \
    "external-ids:ovn-remote=unix:$LAB_DIR/ovnsb_db.sock" external-ids:ovn-encap-type=geneve \
    "external-ids:ovn-encap-ip=$LAB_IP" "external-ids:ovn-bridge-mappings=$MAPPINGS" \
    external-ids:ovn-cms-options=enable-chassis-as-gw external-ids:ovn-bridge-datapath-type=netdev
  spawn vswitchd ovs-vswitchd --unixctl="$LAB_DIR/vswitchd.ctl" "unix:$LAB_DIR/db.sock"
  for bridge in br-int br-public; do
    ovs-vsctl --timeout=20 --may-exist add-br $bridge -- set bridge $bridge datapath_type=netdev
  done
  spawn ovn-controller ovn-controller "unix:$LAB_DIR/db.sock"
  await ovn-controller 20 ovn-sbctl --timeout=5 get chassis $CHASSIS name
  # Neutron of Debian 12 reads from external_ids what OVN of Debian 12 publishes in other_config.
  ovn-sbctl set chassis $CHASSIS external_ids:ovn-cms-options=enable-chassis-as-gw \
    "external_ids:ovn-bridge-mappings=\"$MAPPINGS\"" external_ids:datapath-type=netdev
}

up() {
  start_chassis
  if [ ! -e /run/netns/lab-upstream ]; then
    add_namespace lab-upstream br-public 172.24.0.1/16 2001:db8:24::1/64
  fi
  step 'the datapath is up; the upstream is the namespace lab-upstream'
}

plug() {
  local namespace=$1 port=$2 mac=$3 address addresses=()
  for address in "${@:4}"; do
    addresses+=("${address%,*}")
  done
  add_namespace "$namespace" br-int "${addresses[@]}"
  ip -n "$namespace" link set eth0 address "$mac"
  for address in "${@:4}"; do
    ip -n "$namespace" route add default via "${address#*,}"
  done
  ovs-vsctl set interface "$namespace" "external-ids:iface-id=$port" "external-ids:attached-mac=$mac"
  ovn-nbctl --timeout=30 wait-until logical_switch_port "$port" up=true
}

unplug() {
  ovs-vsctl --if-exists del-port "$1"
  ip netns delete "$1"
  sed -i "/^$1\$/d" "$LAB_NAMESPACES"
}

case "${1:-}" in
  up | plug | unplug) "$@" ;;
  *)
    sed -n '2,6s/^# //p' "$0" >&2
    exit 64
    ;;
esac
