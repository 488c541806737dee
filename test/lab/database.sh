# MariaDB for Keystone and Neutron, on a socket only. Sourced by up.sh, not run.
# shellcheck shell=bash

DATABASE_DIR=$LAB_DIR/mariadb
DATABASE_SOCKET=$DATABASE_DIR/mariadb.sock

# sql: runs the statements on stdin.
sql() { mariadb --no-defaults --socket="$DATABASE_SOCKET" --batch --skip-column-names; }

# database_url <database>: what oslo.db wants.
database_url() { echo "mysql+pymysql://lab:$LAB_PASSWORD@localhost/$1?unix_socket=$DATABASE_SOCKET"; }

start_database() {
  if [ ! -d "$DATABASE_DIR/mysql" ]; then
    install -d -m 700 "$DATABASE_DIR"
    logged mariadb-install mariadb-install-db --no-defaults --user=root --datadir="$DATABASE_DIR" \
      --auth-root-authentication-method=socket --skip-test-db
  fi
  spawn mariadb mariadbd --no-defaults --user=root --datadir="$DATABASE_DIR" --socket="$DATABASE_SOCKET" \
    --skip-networking --innodb-flush-log-at-trx-commit=0 --max-connections=500 \
    --character-set-server=utf8mb3 --collation-server=utf8mb3_general_ci
  await mariadb 60 sql <<<'select 1'
  sql <<SQL
create database if not exists keystone;
create database if not exists neutron;
grant all on *.* to lab@localhost identified by '$LAB_PASSWORD';
SQL
}
