#!/bin/bash
# Builds FerretDB (MongoDB's wire protocol over PostgreSQL with DocumentDB) into $PAGESYNC_ENGINES_DIR/bin/ferretdb with
# the machine's own Go. Does nothing when it is there already. About 100 s from cold.
set -euo pipefail
engines=${PAGESYNC_ENGINES_DIR:-$HOME/.cache/pagesync-engines}
version=v2.7.0 # goes with DocumentDB 1.0, which install-documentdb.sh brings

there() { [ -x "$engines/bin/ferretdb" ]; }
missing() { echo "install-ferretdb: $1" >&2; exit 3; }

there && exit 0
for tool in go flock; do command -v "$tool" >/dev/null || missing "needs $tool"; done
mkdir -p "$engines/bin"
exec 9> "$engines/ferretdb.lock"
flock -w 900 9 || missing 'another installation has held the lock for 15 minutes'
there && exit 0
rm -rf "$engines"/ferretdb.partial.* # of an installation that was killed: we hold the lock
partial=$(mktemp -d "$engines/ferretdb.partial.XXXXXX")
trap 'rm -rf "$partial"' EXIT
GOBIN=$partial go install -ldflags='-s -w' "github.com/FerretDB/FerretDB/v2/cmd/ferretdb@$version"
mv -T "$partial/ferretdb" "$engines/bin/ferretdb"
