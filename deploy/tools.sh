#!/bin/sh
# Sees to programs and fonts of the machine's that tests or measurements use. As root on Debian it installs what is
# missing; otherwise it says what to do and leaves the decision to whoever asked.
# usage: tools.sh PROGRAM[=PACKAGE]|FONT …      (a package is called as its program unless it is said)
set -eu
# Servers are in folders that an ordinary user does not look through.
PATH=$PATH:/usr/sbin:/sbin
is_here() {
    case $1 in
        # A font is no program: any that has Chinese signs will do.
        fonts-*) [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ] ;;
        *) command -v "${1%%=*}" >/dev/null ;;
    esac
}
missing=
for tool in "$@"; do
    is_here "$tool" || missing="$missing ${tool#*=}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf '\033[1m==>\033[0m Installing%s\n' "$missing"
    # What a browser recommends is a desktop around it.
    # shellcheck disable=SC2086 # Names of programs and fonts are names of packages here, one word each.
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; } 2>&1 \
        || printf 'evertill:%s could not be installed; tests that need them will say so.\n' "$missing"
else
    printf 'evertill: some tests need%s. Install once: sudo apt install%s\n' "$missing" "$missing"
fi
