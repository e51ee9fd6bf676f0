#!/usr/bin/env bash
# fuzz.sh FUZZER SECONDS [LAW ...]: libFuzzer on each law for so long. A crash, a broken law, a hang (10 s for one input) or more than 2 GB end
# it with an error and the input. Inputs that reach code no other input reaches are kept below .build/fuzz/, and tried first the next time.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Signals are for libFuzzer, which keeps the input.
export SWIFT_BACKTRACE=enable=no
readonly fuzzer=$1 seconds=$2
shift 2
laws=("$@")
[ ${#laws[@]} -gt 0 ] || laws=(parser checker evaluator configuration rows)

for law in "${laws[@]}"; do
    corpus=.build/fuzz/$law
    found=.build/fuzz/found-$law-
    mkdir -p "$corpus"
    Tests/Fuzzers/seeds.py "$law" "$corpus.seeds"
    case $law in
        configuration) words=Tests/Fuzzers/yaml.dict longest=4096 ;;
        rows) words=Tests/Fuzzers/csv.dict longest=512 ;;
        *) words=Tests/Fuzzers/cel.dict longest=400 ;;
    esac
    echo "fuzzing: $law, $seconds s"
    LAW=$law "$fuzzer" "$corpus" "$corpus.seeds" -dict="$words" -max_len=$longest -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$found" -print_final_stats=1 2>"$corpus.log" || {
        grep -vE '^#[0-9]+' "$corpus.log" | tail -40
        echo "fuzzing: $law: the input is in $found*; run it again with: LAW=$law $fuzzer FILE"
        exit 1
    }
    grep -E '^#[0-9]+.*(DONE|cov:)' "$corpus.log" | tail -1
    grep -E '^stat::(number_of_executed_units|peak_rss_mb|slowest_unit_time_sec)' "$corpus.log"
done
