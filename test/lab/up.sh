#!/bin/bash
# Brings up a real Keystone and Neutron (ML2/OVN) on this machine, from Debian 12's packages, without an init system.
# Everything listens on loopback and lives in LAB_DIR; running it again starts what is missing. down.sh ends it.
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lab packages database rabbit keystone neutron; do
  # shellcheck source=/dev/null
  . "$LAB/$part.sh"
done

install_packages
step 'packages are installed'

if [ ! -e "$LAB_DIR/password" ]; then
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$LAB_DIR/password")
fi
# shellcheck disable=SC2034 # for the scripts that are sourced below
LAB_PASSWORD=$(cat "$LAB_DIR/password")

start_rabbit
start_database
step 'MariaDB answers'
start_ovn
create_neutron_schema &
schema=$!
start_keystone
seed_keystone
write_logins
step "Keystone answers at $KEYSTONE_URL"
wait $schema
await_rabbit
step "RabbitMQ answers at $LAB_IP:5672"
start_neutron
step "Neutron answers; log in with: . $LAB_DIR/admin-openrc"
