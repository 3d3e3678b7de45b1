#!/bin/sh
# Makes a virtual environment and installs a hash-pinned lock file and the project itself into it.
# usage: install.sh VENV LOCK       (PYTHON= names the interpreter)
set -eu
venv=$1
lock=$2
python=${PYTHON:-python3}

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
pip() { "$venv/bin/python" -m pip install --disable-pip-version-check "$@"; }
fail() { printf 'evertill: %s\n' "$*" >&2; exit 1; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
    || fail "Python 3.11 or newer is needed, and '$python' is not it. Name another one: make PYTHON=python3.12 …"

if [ ! -x "$venv/bin/python" ]; then
    say "Making $venv"
    # Debian keeps venv in a package of its own; the error of a machine without it is long and unclear.
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "This Python has no venv module; installing Debian's python3-venv"
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        else
            fail "this Python has no venv module. Install it once (Debian, Ubuntu: sudo apt install python3-venv) and run make again."
        fi
    fi
    "$python" -m venv "$venv"
fi

say "Installing $lock"
# pip says several lines for each package; one that counts is enough, and every complaint.
total=$(grep -c '==' "$lock")
failed=$venv/.failed
: > "$failed"
# A terminal sees the count go up; a log gets its end.
live=; [ ! -t 1 ] || live=$(printf '\r')
{ pip --no-deps --require-hashes -r "$lock" && rm "$failed"; } 2>&1 | awk -v total="$total" -v live="$live" '
    /^(Collecting|Ignoring|Processing|Requirement already satisfied:) / { seen++; if (live) printf "\r    %d of %d packages", seen, total; fflush() }
    /^Installing collected/ { printf live "    %d of %d packages, unpacking them", seen, total; fflush() }
    /ERROR|error:/ { printf "\n%s\n", $0 }
    END { printf "\n" }'
[ ! -e "$failed" ] || fail "the packages of $lock could not be installed; the lines above say why. Nothing else was changed: run make again."
pip --quiet --no-deps --no-index --no-build-isolation --editable .
