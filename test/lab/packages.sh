# Debian packages of the lab. Sourced by up.sh, not run.
# shellcheck shell=bash

LAB_PACKAGES=(mariadb-server-core mariadb-client-core python3-pymysql python3-keystone uwsgi-core
  uwsgi-plugin-python3 rabbitmq-server neutron-common openvswitch-switch ovn-central ovn-host
  curl ethtool iproute2 iputils-ping jq)
# For a benchmark against neutron-dynamic-routing, which starts its agent itself.
[ -z "${LAB_BGP:-}" ] || LAB_PACKAGES+=(neutron-bgp-dragent bird2 socat)

# Installs what is missing; no package may start a service, because the lab starts its own daemons.
install_packages() {
  local package missing=() policy=/usr/sbin/policy-rc.d own_policy=
  for package in "${LAB_PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    own_policy=yes
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  logged apt apt-get update
  logged apt apt-get install -y --no-install-recommends "${missing[@]}"
  if [ -n "$own_policy" ]; then
    rm -f $policy
    trap - EXIT
  fi
}
