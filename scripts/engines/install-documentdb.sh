#!/bin/bash
# Puts PostgreSQL 18 with the DocumentDB extension under $PAGESYNC_ENGINES_DIR/documentdb/root, out of Debian's own
# packages, unpacked for a chroot: no package of the machine is touched. Does nothing when it is there already.
# Needs root, Debian's apt and about 700 MB; fetches about 140 MB from the mirror that the machine itself is set to.
set -euo pipefail
engines=${PAGESYNC_ENGINES_DIR:-$HOME/.cache/pagesync-engines}
suite=${DOCUMENTDB_SUITE:-forky} # the first Debian suite with postgresql-18-documentdb
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

there() { [ -x "$engines/documentdb/root/usr/lib/postgresql/18/bin/postgres" ]; }
missing() { echo "install-documentdb: $1" >&2; exit 3; }

there && exit 0
[ "$(id -u)" = 0 ] || missing 'needs root: PostgreSQL is unpacked for a chroot, with its own owner'
for tool in apt-get dpkg-deb chroot flock; do command -v "$tool" >/dev/null || missing "needs $tool (Debian)"; done
[ -r "$keyring" ] || missing "needs $keyring (package debian-archive-keyring)"
# The machine's own mirror, whatever it is: no host is named here.
mirror=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs: *//p' | grep -v security | head -1 || true)
[ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list 2>/dev/null | grep -v security | head -1 || true)
[ -n "$mirror" ] || missing 'finds no Debian mirror in /etc/apt'

mkdir -p "$engines"
exec 9> "$engines/documentdb.lock"
flock -w 900 9 || missing 'another installation has held the lock for 15 minutes'
there && exit 0
rm -rf "$engines"/documentdb.partial.* # of an installation that was killed: we hold the lock
partial=$(mktemp -d "$engines/documentdb.partial.XXXXXX")
trap 'rm -rf "$partial"' EXIT
root=$partial/root apt=$partial/apt
mkdir -p "$root" "$apt"/{lists/partial,cache/archives/partial,etc}
: > "$apt/status"
echo "deb [signed-by=$keyring] $mirror $suite main" > "$apt/etc/sources.list"
own_apt() {
  apt-get -q -o Dir::Etc::sourcelist="$apt/etc/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::Etc::preferencesparts=- -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
    -o Dir::Cache="$apt/cache" -o APT::Install-Recommends=false -o Acquire::Languages=none \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false "$@"
}
own_apt update
own_apt install -y --download-only postgresql-18-documentdb postgresql-18 dash coreutils
for package in "$apt"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink \
    --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
done
for directory in bin sbin lib lib64; do [ -e "$root/$directory" ] || ln -s "usr/$directory" "$root/$directory"; done
mkdir -p "$root"/{tmp,dev/shm,proc,srv,etc}
chmod 1777 "$root/tmp" "$root/dev/shm"
echo 'postgres:x:931:931::/tmp:/bin/sh' > "$root/etc/passwd"
echo 'postgres:x:931:' > "$root/etc/group"
echo '127.0.0.1 localhost' > "$root/etc/hosts"
[ -e "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3
[ -e "$root/dev/urandom" ] || mknod -m 666 "$root/dev/urandom" c 1 9
# What update-alternatives would do:
ln -sf postgis-3.control "$root/usr/share/postgresql/18/extension/postgis.control"
rm -rf "$apt"
chmod 755 "$partial"
rm -rf "$engines/documentdb" # a broken one: `there` said no
mv -T "$partial" "$engines/documentdb"
