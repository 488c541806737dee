# Keystone on LAB_IP:5000, its projects and users, and the files that clients log in with. Sourced by up.sh, not run.
# shellcheck shell=bash

KEYSTONE_URL=http://$LAB_IP:5000/v3
LAB_REGION=RegionOne

start_keystone() {
  local etc=$LAB_DIR/keystone
  install -d -m 700 "$etc"
  cat >"$etc/keystone.conf" <<CONF
[database]
connection = $(database_url keystone)
[fernet_tokens]
key_repository = $etc/fernet-keys
[fernet_receipts]
key_repository = $etc/fernet-keys
[credential]
key_repository = $etc/credential-keys
[identity]
# The cheapest hash: one login per API client is a good part of what the lab's two cores do.
password_hash_rounds = 4
CONF
  if [ ! -e "$etc/bootstrapped" ]; then
    local manage=(keystone-manage --config-file "$etc/keystone.conf")
    install -d -m 700 "$etc/fernet-keys" "$etc/credential-keys"
    logged keystone-manage "${manage[@]}" db_sync
    logged keystone-manage "${manage[@]}" fernet_setup --keystone-user root --keystone-group root
    logged keystone-manage "${manage[@]}" credential_setup --keystone-user root --keystone-group root
    OS_BOOTSTRAP_PASSWORD=$LAB_PASSWORD logged keystone-manage "${manage[@]}" bootstrap \
      --bootstrap-region-id $LAB_REGION --bootstrap-public-url "$KEYSTONE_URL"
    touch "$etc/bootstrapped"
  fi
  OS_KEYSTONE_CONFIG_FILES=$etc/keystone.conf spawn keystone uwsgi_python3 --master --die-on-term \
    --http-socket "$LAB_IP:5000" --wsgi-file /usr/bin/keystone-wsgi-public --lazy-apps --enable-threads \
    --processes 2 --threads 2 --buffer-size 65535 --rem-header Content-Length --add-header 'Connection: close'
  await keystone 60 curl -sf -m 5 "$KEYSTONE_URL"
}

# keystone <method> <path> [body]: one request as admin, the answer on stdout.
keystone() {
  curl -sSf -m 30 -X "$1" -H "X-Auth-Token: $LAB_TOKEN" -H 'Content-Type: application/json' \
    -d @- "$KEYSTONE_URL$2" <<<"${3:-}"
}

# keystone_id <plural> <kind> <name> <body>: the id of the thing of that name, made when it is not there.
keystone_id() {
  local found
  found=$(keystone GET "/$1?name=$3" | jq -r ".$1[0].id // empty")
  echo "${found:-$(keystone POST "/$1" "{\"$2\": $4}" | jq -r ".$2.id")}"
}

login_as_admin() {
  jq -n --arg password "$LAB_PASSWORD" '{auth: {
      identity: {methods: ["password"], password: {user: {name: "admin", domain: {id: "default"}, password: $password}}},
      scope: {project: {name: "admin", domain: {id: "default"}}}}}' |
    curl -sSf -m 30 -o /dev/null -D - -H 'Content-Type: application/json' -d @- "$KEYSTONE_URL/auth/tokens" |
    tr -d '\r' | awk 'tolower($1) == "x-subject-token:" {print $2}'
}

# Neutron's endpoint, and the users demo (member) and reader of the project demo.
seed_keystone() {
  local project service user role
  LAB_TOKEN=$(login_as_admin)
  service=$(keystone_id services service neutron '{"name": "neutron", "type": "network"}')
  if keystone GET "/endpoints?service_id=$service" | jq -e '.endpoints == []' >/dev/null; then
    keystone POST /endpoints "{\"endpoint\": {\"service_id\": \"$service\", \"interface\": \"public\",
      \"region_id\": \"$LAB_REGION\", \"url\": \"http://$LAB_IP:9696\"}}" >/dev/null
  fi
  project=$(keystone_id projects project demo '{"name": "demo", "domain_id": "default"}')
  for user in demo:member reader:reader; do
    role=$(keystone GET "/roles?name=${user#*:}" | jq -r '.roles[0].id')
    user=$(keystone_id users user "${user%:*}" \
      "{\"name\": \"${user%:*}\", \"domain_id\": \"default\", \"password\": \"$LAB_PASSWORD\"}")
    keystone PUT "/projects/$project/users/$user/roles/$role"
  done
}

# write_login <user> <project>: an openrc file, and the cloud of the same name in clouds.yaml.
write_login() {
  cat >"$LAB_DIR/$1-openrc" <<RC
export OS_AUTH_URL=$KEYSTONE_URL
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=$1
export OS_PASSWORD=$LAB_PASSWORD
export OS_PROJECT_NAME=$2
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=$LAB_REGION
RC
  cat >>"$LAB_DIR/clouds.yaml" <<YAML
  $1:
    region_name: $LAB_REGION
    auth:
      auth_url: $KEYSTONE_URL
      username: $1
      password: $LAB_PASSWORD
      project_name: $2
      user_domain_name: Default
      project_domain_name: Default
YAML
}

write_logins() {
  local umask_before
  umask_before=$(umask)
  umask 077
  echo 'clouds:' >"$LAB_DIR/clouds.yaml"
  write_login admin admin
  write_login demo demo
  write_login reader demo
  umask "$umask_before"
}
