#!/usr/bin/env bash
# Checks the sample's page: scripts (eslint), styles (stylelint), HTML (html-validate). Any finding, a warning too, ends it with a code other than 0.
# Needs Node.js 18 or later and npm; installs the packages of the lock file beside this script when they are missing or older than the lock file.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here/../.."
page=samples/Messaging/wwwroot

if [[ ! -e "$here/node_modules/.package-lock.json" || "$here/package-lock.json" -nt "$here/node_modules/.package-lock.json" ]]; then
  (cd "$here" && npm ci --no-audit --no-fund --loglevel=error)
fi

tool() { "$here/node_modules/.bin/$1" "${@:2}"; }

status=0
tool eslint --max-warnings 0 --config "$here/eslint.config.js" "$page" || status=1
tool stylelint --max-warnings 0 --config "$here/stylelint.config.js" "$page/**/*.css" || status=1
tool html-validate --max-warnings 0 --config "$here/htmlvalidate.json" "$page/**/*.html" || status=1
[[ $status -eq 0 ]] && echo "The page's scripts, styles and HTML have no findings."
exit $status
