# OVN's databases and northd, and Neutron (ML2/OVN) on LAB_IP:9696. Sourced by up.sh, not run.
# shellcheck shell=bash

LAB_BGP=${LAB_BGP:-} # 1: with the plugin of neutron-dynamic-routing, which speaks with its agents over RabbitMQ

# start_ovsdb <name> <schema> <socket>: one server per database, because Neutron's client of the northbound database
# trips over a southbound one on the same server.
start_ovsdb() {
  [ -e "$LAB_DIR/$1.db" ] || logged "$1" ovsdb-tool create "$LAB_DIR/$1.db" "$2"
  spawn "$1" ovsdb-server --remote="punix:$LAB_DIR/$3" --unixctl="$LAB_DIR/$1.ctl" "$LAB_DIR/$1.db"
  await "$1" 20 ovsdb-client list-dbs "unix:$LAB_DIR/$3"
}

# The sockets have the names that OVN's and Open vSwitch's programs look for.
start_ovn() {
  start_ovsdb ovn-nb /usr/share/ovn/ovn-nb.ovsschema ovnnb_db.sock
  start_ovsdb ovn-sb /usr/share/ovn/ovn-sb.ovsschema ovnsb_db.sock
  spawn ovn-northd ovn-northd
}

# Neutron logs in to Keystone as admin, and without LAB_BGP uses RabbitMQ for nothing but its notifications.
configure_neutron() {
  local rabbit="rabbit://neutron:$LAB_PASSWORD@$LAB_IP:5672/" transport=fake://
  [ -z "$LAB_BGP" ] || transport=$rabbit
  cat >"$LAB_DIR/neutron/neutron.conf" <<CONF
[DEFAULT]
bind_host = $LAB_IP
core_plugin = ml2
service_plugins = ovn-router${LAB_BGP:+,bgp}
api_paste_config = /etc/neutron/api-paste.ini
state_path = $LAB_DIR/neutron
transport_url = $transport
api_workers = 2
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
[oslo_messaging_notifications]
driver = messagingv2
transport_url = $rabbit
retry = 3
[database]
connection = $(database_url neutron)
[keystone_authtoken]
auth_type = password
auth_url = $KEYSTONE_URL
interface = public
www_authenticate_uri = $KEYSTONE_URL
username = admin
password = $LAB_PASSWORD
project_name = admin
user_domain_name = Default
project_domain_name = Default
[oslo_concurrency]
lock_path = $LAB_DIR/neutron
[quotas]
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_router = -1
quota_floatingip = -1
[ml2]
type_drivers = geneve,flat
tenant_network_types = geneve
mechanism_drivers = ovn
extension_drivers = port_security
[ml2_type_geneve]
vni_ranges = 1:65535
max_header_size = 38
[ml2_type_flat]
flat_networks = public
[ovn]
ovn_nb_connection = unix:$LAB_DIR/ovnnb_db.sock
ovn_sb_connection = unix:$LAB_DIR/ovnsb_db.sock
# The databases start empty together, so there is nothing to compare when Neutron starts.
neutron_sync_mode = off
CONF
}

# The schema does not need Keystone: up.sh makes it while Keystone starts.
create_neutron_schema() {
  install -d -m 700 "$LAB_DIR/neutron"
  configure_neutron
  local manage=(neutron-db-manage --config-file "$LAB_DIR/neutron/neutron.conf")
  if [ ! -e "$LAB_DIR/neutron/schema" ]; then
    logged neutron-db-manage "${manage[@]}" --subproject neutron upgrade heads
    touch "$LAB_DIR/neutron/schema"
  fi
  if [ -n "$LAB_BGP" ] && [ ! -e "$LAB_DIR/neutron/schema-bgp" ]; then
    logged neutron-db-manage "${manage[@]}" --subproject neutron-dynamic-routing upgrade heads
    touch "$LAB_DIR/neutron/schema-bgp"
  fi
}

start_neutron() {
  spawn neutron neutron-server --config-file "$LAB_DIR/neutron/neutron.conf"
  await neutron 90 curl -sf -m 5 "http://$LAB_IP:9696/"
}
