#!/bin/bash
# start-documentdb.sh NAME MONGO_PORT PG_PORT
# Starts PostgreSQL with DocumentDB, and FerretDB before it, on 127.0.0.1. Stays in the foreground, prints
# `READY mongodb://… postgres=PID ferretdb=PID`, ends both on TERM or INT, and when one of them dies.
#
# The data is removed at the end unless KEEP_DATA is set; starting again under the same NAME then goes on with it.
# With OWNER_PID set, everything ends with that process too. Data of owners that no longer live is swept at the start.
set -euo pipefail
engines=${PAGESYNC_ENGINES_DIR:-$HOME/.cache/pagesync-engines}
name=${1:?NAME} mongo_port=${2:?MONGO_PORT} pg_port=${3:?PG_PORT}
owner=${OWNER_PID:-$$}
root=$(realpath "$engines/documentdb")/root
ferretdb=$engines/bin/ferretdb
home=/srv/$name
fail() { echo "start-documentdb: $1" >&2; exit 3; }

[ "$(id -u)" = 0 ] || fail 'needs root for chroot'
[ -x "$root/usr/lib/postgresql/18/bin/postgres" ] || fail "run install-documentdb.sh first ($root has no PostgreSQL)"
[ -x "$ferretdb" ] || fail "run install-ferretdb.sh first ($ferretdb is missing)"

for other in "$root"/srv/*/owner; do
  [ -e "$other" ] && ! kill -0 "$(cat "$other")" 2>/dev/null && rm -rf "${other%/owner}"
done

as_postgres=(chroot --userspec=931:931 "$root" /usr/bin/env -i LC_ALL=C.UTF-8 HOME=/tmp TZ=UTC
  PATH=/usr/lib/postgresql/18/bin:/usr/bin LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack)
sql() { "${as_postgres[@]}" psql -q -h /tmp -p "$pg_port" -U postgres -d postgres -Atc "$1"; }

pg='' ferret='' watcher=''
finish() {
  trap - TERM INT EXIT
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  [ -z "$ferret" ] || kill -TERM "$ferret" 2>/dev/null || true
  # INT is PostgreSQL's fast shutdown; QUIT does not even write a checkpoint, for data that goes anyway.
  [ -z "$pg" ] || kill "-$([ -n "${KEEP_DATA:-}" ] && echo INT || echo QUIT)" "$pg" 2>/dev/null || true
  wait || true
  if [ -z "${KEEP_DATA:-}" ]; then rm -rf "$root$home" "$root/tmp/.s.PGSQL.$pg_port" "$root/tmp/.s.PGSQL.$pg_port.lock"; fi
}
trap 'finish; exit 0' TERM INT
trap finish EXIT

install -d -m 755 "$root$home" "$root$home/state"
echo "$owner" > "$root$home/owner"
if [ ! -s "$root$home/data/PG_VERSION" ]; then
  install -d -m 700 -o 931 -g 931 "$root$home/data"
  "${as_postgres[@]}" initdb -D "$home/data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 --no-sync >/dev/null
  cat >> "$root$home/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '/tmp'
dynamic_shared_memory_type = mmap
max_connections = 200
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
CONF
fi

"${as_postgres[@]}" postgres -D "$home/data" -p "$pg_port" >> "$root$home/postgres.log" 2>&1 & pg=$!
for _ in $(seq 1 300); do
  sql 'select 1' >/dev/null 2>&1 && break
  kill -0 "$pg" 2>/dev/null || { tail -5 "$root$home/postgres.log" >&2; fail 'PostgreSQL did not start'; }
  sleep 0.1
done
sql 'set client_min_messages = warning; create extension if not exists documentdb cascade'

FERRETDB_TELEMETRY=disable $(command -v setpriv >/dev/null && echo 'setpriv --pdeathsig KILL --') "$ferretdb" \
  --postgresql-url="postgres://postgres@127.0.0.1:$pg_port/postgres?sslmode=disable" \
  --listen-addr="127.0.0.1:$mongo_port" --debug-addr=- --no-auth --log-level=ERROR \
  --state-dir="$root$home/state" >> "$root$home/ferretdb.log" 2>&1 & ferret=$!
for _ in $(seq 1 300); do
  (exec 3<>"/dev/tcp/127.0.0.1/$mongo_port") 2>/dev/null && break
  kill -0 "$ferret" 2>/dev/null || { tail -5 "$root$home/ferretdb.log" >&2; fail 'FerretDB did not start'; }
  sleep 0.05
done
kill -0 "$ferret" 2>/dev/null || fail "port $mongo_port belongs to somebody else"

if [ -n "${OWNER_PID:-}" ]; then
  (while kill -0 "$OWNER_PID" 2>/dev/null; do sleep 1; done; kill -TERM $$) & watcher=$!
fi
echo "READY mongodb://127.0.0.1:$mongo_port/ postgres=$pg ferretdb=$ferret"
wait -n "$pg" "$ferret" || true
fail 'an engine ended by itself'
