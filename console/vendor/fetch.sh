#!/usr/bin/env bash
# Fetches the vendored libraries from the npm registry, at the versions written here, and puts what
# the console uses beside this script. The only change made to them: module names that a browser
# cannot resolve without an import map become relative ones, and references to source maps go.
set -euo pipefail
cd "$(dirname "$0")"

preact=11.2.0
htm=3.1.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
take() { # PACKAGE FILE TARGET
  sed -e 's#from"preact"#from"./preact.mjs"#g' -e '/^\/\/# sourceMappingURL=/d' \
    "$work/$1/package/$2" >"$3"
}
for package in "preact@$preact" "htm@$htm"; do
  name=${package%@*}
  mkdir "$work/$name"
  (cd "$work" && tar xzf "$(npm pack --silent "$package")" -C "$name")
done
take preact dist/preact.mjs preact.mjs
take preact hooks/dist/hooks.mjs hooks.mjs
take preact LICENSE preact-LICENSE.txt
take htm dist/htm.mjs htm.mjs
take htm LICENSE htm-LICENSE.txt
