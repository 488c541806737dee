# RabbitMQ on LAB_IP:5672, for Neutron's notifications: the user `neutron` may do everything, `route-sync` what an agent
# with the owner `lab` needs (docs/events.md). Sourced by up.sh, not run.
# shellcheck shell=bash

RABBIT_DIR=$LAB_DIR/rabbit
RABBIT_EPMD=14369

# What RabbitMQ imports when it starts; with a plain password it makes the hash itself.
configure_rabbit() {
  install -d -m 700 "$RABBIT_DIR" "$RABBIT_DIR/home"
  printf '[].\n' >"$RABBIT_DIR/plugins"
  jq -n --arg password "$LAB_PASSWORD" '{
    vhosts: [{name: "/"}],
    users: [{name: "neutron", password: $password, tags: ""}, {name: "route-sync", password: $password, tags: ""}],
    permissions: [
      {user: "neutron", vhost: "/", configure: ".*", write: ".*", read: ".*"},
      {user: "route-sync", vhost: "/", configure: "^route-sync\\.lab\\.", write: "^route-sync\\.lab\\.",
       read: "^(neutron|route-sync\\.lab\\..*)$"}],
    policies: [{vhost: "/", name: "bounded", pattern: "^notifications\\.", "apply-to": "queues",
      definition: {"max-length": 10000}}]
  }' >"$RABBIT_DIR/definitions.json"
  cat >"$RABBIT_DIR/rabbitmq.conf" <<CONF
listeners.tcp.1 = $LAB_IP:5672
load_definitions = $RABBIT_DIR/definitions.json
disk_free_limit.absolute = 1MB
log.console = true
log.file = false
CONF
}

# Debian's own start script takes another user and one folder for all; epmd in the foreground ends with the lab.
start_rabbit() {
  local server
  server=$(find /usr/lib/rabbitmq/lib -path '*/sbin/rabbitmq-server' | head -n 1)
  configure_rabbit
  spawn epmd epmd -port $RABBIT_EPMD -address $LAB_IP
  spawn rabbit env HOME="$RABBIT_DIR/home" ERL_EPMD_ADDRESS=$LAB_IP ERL_EPMD_PORT=$RABBIT_EPMD \
    RABBITMQ_NODENAME=lab@localhost RABBITMQ_DIST_PORT=25673 RABBITMQ_BASE="$RABBIT_DIR" \
    RABBITMQ_CONFIG_FILE="$RABBIT_DIR/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$RABBIT_DIR/advanced.config" \
    RABBITMQ_CONF_ENV_FILE="$RABBIT_DIR/no-env.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$RABBIT_DIR/plugins" \
    RABBITMQ_MNESIA_BASE="$RABBIT_DIR/mnesia" RABBITMQ_LOG_BASE="$LAB_DIR/log" RABBITMQ_PID_FILE="$RABBIT_DIR/pid" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}' \
    "$server"
}

await_rabbit() {
  await rabbit 60 bash -c ": </dev/tcp/$LAB_IP/5672"
}
