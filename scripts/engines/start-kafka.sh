#!/bin/bash
# start-kafka.sh DATA PORT [CONTROLLER_PORT] : one KRaft broker on 127.0.0.1:PORT, its log under DATA.
# Stays in the foreground, prints "READY 127.0.0.1:PORT broker=PID", ends the broker on TERM.
# Starting again on the same DATA keeps what was written (also after kill -9 of the broker).
# With END_WITH_STDIN=1 it ends, too, when its standard input does.
set -euo pipefail

data=$1 port=$2 controller=${3:-$(($2 + 1))}
libs=${PAGESYNC_ENGINES_DIR:-$HOME/.cache/pagesync-engines}/kafka-4.1.1/libs
[ -d "$libs" ] || { echo "start-kafka.sh: $libs is missing, run install-kafka.sh first" >&2; exit 3; }
command -v java > /dev/null || { echo "start-kafka.sh: 'java' is missing (17 or newer)" >&2; exit 3; }

mkdir -p "$data"
data=$(realpath "$data")
# Written at every start: the ports may differ from the last time. Few offset partitions and no rebalance delay,
# because this broker serves development and tests, where the first consumer should not wait seconds.
cat > "$data/server.properties" << PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$data/log
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
PROPERTIES

if [ ! -e "$data/log/meta.properties" ]; then
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'xy' | cut -c1-22)
  java -cp "$libs/*" kafka.tools.StorageTool format -t "$id" -c "$data/server.properties" > "$data/format.log" 2>&1 || {
    tail -5 "$data/format.log" >&2
    exit 1
  }
fi

java -Xmx512m -XX:+UseSerialGC -cp "$libs/*" kafka.Kafka "$data/server.properties" > "$data/broker.log" 2>&1 &
broker=$!
trap 'kill -TERM $broker ${watcher:-} 2> /dev/null || true; wait $broker || true' EXIT
trap 'exit 0' TERM INT
if [ -n "${END_WITH_STDIN:-}" ]; then
  # Whoever started us holds our standard input open; when it dies, however it dies, so does the broker.
  exec 4<&0
  (cat <&4 > /dev/null; kill -TERM $$) &
  watcher=$!
fi

for ((i = 0; ; i++)); do
  (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break
  if ! kill -0 "$broker" 2> /dev/null || ((i > 600)); then
    echo "start-kafka.sh: the broker did not start:" >&2
    tail -5 "$data/broker.log" >&2
    exit 1
  fi
  sleep 0.1
done
echo "READY 127.0.0.1:$port broker=$broker"
wait "$broker"
