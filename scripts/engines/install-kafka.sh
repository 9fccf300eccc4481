#!/bin/bash
# install-kafka.sh : installs Apache Kafka 4.1.1 (the real broker, its jars from Maven) and prints the folder.
# Into ${PAGESYNC_ENGINES_DIR:-$HOME/.cache/pagesync-engines}/kafka-4.1.1, outside the clone, so that the next run
# finds it. Does nothing when it is there. Two at once are safe: each fills its own folder, the first rename wins.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
engines=${PAGESYNC_ENGINES_DIR:-$HOME/.cache/pagesync-engines}
target=$engines/kafka-4.1.1

if [ ! -d "$target/libs" ]; then
  for tool in java mvn; do
    command -v "$tool" > /dev/null || {
      echo "install-kafka.sh: '$tool' is missing. Kafka needs Java 17 or newer, and Maven to fetch it" >&2
      echo "(Debian: apt-get install openjdk-17-jre-headless maven)." >&2
      exit 3
    }
  done
  mkdir -p "$engines"
  filling=$(mktemp -d "$engines/.kafka-4.1.1.XXXXXX")
  trap 'rm -rf "$filling"' EXIT
  mvn -q -B -f "$here/kafka-pom.xml" dependency:copy-dependencies -DoutputDirectory="$filling/libs" >&2
  # rename(2) refuses to replace a folder that holds something: then another install was faster, its copy is as good.
  node -e 'require("node:fs").renameSync(...process.argv.slice(1))' "$filling" "$target" 2> /dev/null || [ -d "$target/libs" ]
fi
echo "$target"
