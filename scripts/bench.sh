#!/usr/bin/env bash
# Measures the journal and the endpoints, or one of them; then arguments go to the bench:
#   scripts/bench.sh [journal|endpoints] [--help]
# Without a name, arguments go to the journal.
set -euo pipefail

cd "$(dirname "$0")/.."

journal() {
    cargo bench -p countersign-persistence --bench journal -- "$@"
}

endpoints() {
    cargo bench -p countersign-web --bench endpoints -- "$@"
}

case ${1:-} in
    "")
        journal
        endpoints
        ;;
    journal | endpoints) "$@" ;;
    *) journal "$@" ;;
esac
