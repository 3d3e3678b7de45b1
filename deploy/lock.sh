#!/bin/sh
# Pins the newest versions that pyproject.toml allows, with hashes and without any registry's address.
set -eu
bin=$1
pin() { "$bin/uv" pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --upgrade "$@"; }
pin --extra build --output-file requirements.lock
pin --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock
