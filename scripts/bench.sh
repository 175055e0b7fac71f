#!/usr/bin/env bash
# Measures the journal. Arguments go to the benchmark: scripts/bench.sh --help
set -euo pipefail

cd "$(dirname "$0")/.."
cargo bench -p countersign-persistence --bench journal -- "$@"
