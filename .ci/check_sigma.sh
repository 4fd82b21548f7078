#!/usr/bin/env bash
# check_sigma.sh SIGMA FOLDER: reads every Sigma rule of a folder with sigma-cli (its program is SIGMA). Prints counts; fails
# on an error, on a condition that can't be parsed, and where there is no rule.
#
# Left out are the validators that want to download the data of ATT&CK and D3FEND.
set -uo pipefail
sigma=$1 folder=$2
count=$(find "$folder" -name '*.yml' 2>/dev/null | wc -l)
if [ "$count" -eq 0 ]; then
  echo "$folder holds no Sigma rule"
  exit 1
fi
log=$folder.check.log
"$sigma" check --exclude attacktag --exclude d3_fendtag "$folder" >"$log" 2>&1
status=$?
if [ "$status" -ne 0 ] || ! grep -q '^Found 0 errors, 0 condition errors and ' "$log"; then
  cut -c 1-400 "$log" | tail -n 40
  echo "$folder: sigma check fails (status $status)"
  exit 1
fi
# One short line per issue; the log holds each with its whole syntax tree.
sed -nE 's/^issue=([^ ]+) severity=([^ ]+) .* rule=([^ ,]+).*/  \2: \1 in \3/p' "$log" | sed "s#in .*/#in #" | sort
echo "$folder: $count files; $(grep '^Found ' "$log" | sed 's/^Found //')"
