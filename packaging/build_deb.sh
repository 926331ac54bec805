#!/bin/sh
# Makes a Debian package from a built program: packaging/build_deb.sh PROGRAM VERSION FOLDER
# Writes FOLDER/solvent_VERSION_ARCHITECTURE.deb and prints its name. DEB_COMPRESSION is passed to
# dpkg-deb's -Z (default xz); DEBFULLNAME and DEBEMAIL name the maintainer.
set -eu
program=$1
version=$2
folder=$3
source=$(cd "$(dirname "$0")/.." && pwd)
maintainer="${DEBFULLNAME:-Solvent developers} <${DEBEMAIL:-solvent@packages.invalid}>"
architecture=$(dpkg --print-architecture)
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

put() { # put MODE FROM TO
  install -D -m "$1" "$2" "$root/$3"
}
put 755 "$program" usr/bin/solvent
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/solvent"
put 644 "$source/packaging/solvent.conf" etc/solvent/solvent.conf
sed -e 's|@bindir@|/usr/bin|; s|@sysconfdir@|/etc|' "$source/packaging/solvent.service.in" \
  >"$work/unit"
put 644 "$work/unit" lib/systemd/system/solvent.service
gzip -9n <"$source/packaging/solvent.1" >"$work/man"
put 644 "$work/man" usr/share/man/man1/solvent.1.gz
for shell in bash:bash-completion/completions/solvent zsh:zsh/vendor-completions/_solvent \
  fish:fish/vendor_completions.d/solvent.fish; do
  "$program" completion "${shell%%:*}" >"$work/completion"
  put 644 "$work/completion" "usr/share/${shell#*:}"
done

# What every package says of itself.
documents=usr/share/doc/solvent
gzip -9n <"$source/CHANGELOG.md" >"$work/changelog"
put 644 "$work/changelog" $documents/changelog.gz
date=$(date -R -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")
cat >"$work/entry" <<TEXT
solvent ($version) unstable; urgency=medium

  * See changelog.gz.

 -- $maintainer  $date
TEXT
gzip -9n <"$work/entry" >"$work/changelog"
put 644 "$work/changelog" $documents/changelog.Debian.gz
put 644 "$source/packaging/debian/copyright" $documents/copyright
put 644 "$source/docs/operating.md" $documents/operating.md

# The libraries that the program is linked to, by their packages and least versions.
mkdir -p "$work/debian"
printf 'Source: solvent\n\nPackage: solvent\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O -e"$root/usr/bin/solvent" 2>/dev/null)
libraries=${libraries#shlibs:Depends=}

mkdir -p "$root/DEBIAN"
size=$(du -k -s --exclude=DEBIAN "$root" | cut -f1)
sed -e "s|@version@|$version|; s|@architecture@|$architecture|; s|@size@|$size|" \
  -e "s|@libraries@|$libraries|; s|@maintainer@|$maintainer|" "$source/packaging/debian/control.in" >"$root/DEBIAN/control"
echo /etc/solvent/solvent.conf >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
  install -m 755 "$source/packaging/debian/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) \
  >"$root/DEBIAN/md5sums"

package=$folder/solvent_${version}_$architecture.deb
dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" --build "$root" "$package" >/dev/null
echo "$package"
