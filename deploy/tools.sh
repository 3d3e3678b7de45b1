#!/bin/sh
# Sees to programs of the machine's that tests or measurements use. As root on Debian it installs what is missing;
# otherwise it says what to do and leaves the decision to whoever asked.
# usage: tools.sh PROGRAM[=PACKAGE] …      (a package is called as its program unless it is said)
set -eu
# Servers are in folders that an ordinary user does not look through.
PATH=$PATH:/usr/sbin:/sbin
missing=
for program in "$@"; do
    command -v "${program%%=*}" >/dev/null || missing="$missing ${program#*=}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf '\033[1m==>\033[0m Installing%s\n' "$missing"
    # shellcheck disable=SC2086 # Names of programs are names of packages here, one word each.
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null; } 2>&1 \
        || printf 'evertill:%s could not be installed; tests that need them will say so.\n' "$missing"
else
    printf 'evertill: some tests need%s. Install once: sudo apt install%s\n' "$missing" "$missing"
fi
