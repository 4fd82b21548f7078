#!/usr/bin/env bash
# apt.sh PACKAGES…: installs Debian packages, where this user may. Says why where it can't.
set -uo pipefail
missing=()
for package in "$@"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "can't install ${missing[*]}: there is no apt-get"
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "can't install ${missing[*]}: not root"
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
if ! { timeout 300 apt-get update && timeout 900 apt-get install -y --no-install-recommends "${missing[@]}"; } \
  >target/apt.log 2>&1; then
  tail -n 5 target/apt.log
  echo "can't install ${missing[*]}: apt-get failed"
  exit 1
fi
