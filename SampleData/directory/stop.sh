#!/usr/bin/env bash
# Stops the server that start.sh started in DIR, and waits until it is gone. Its data stay for the next start.
#
#   stop.sh DIR
#
# Exit 0: no server of DIR runs any more (also when none did). 1: it did not end within 20 seconds and was killed, or could not be. 2: wrong usage.

set -euo pipefail

[ $# -eq 1 ] && [ -d "$1" ] || { echo "stop.sh: usage: stop.sh DIR" >&2; exit 2; }
dir=$(cd "$1" && pwd -P)

# True while the process is the slapd of this directory: a number left behind by a crash may belong to somebody else today.
is_ours() { [ -n "$1" ] && tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep -xF "$dir/slapd.conf" >/dev/null; }

wait_until_gone() {
    local attempt
    for attempt in $(seq "$1"); do
        is_ours "$pid" || return 0
        sleep 0.05
    done
    return 1
}

pid=$(cat "$dir/slapd.pid" 2>/dev/null || true)
if ! is_ours "$pid"; then
    rm -f "$dir/slapd.pid" "$dir/env"
    exit 0
fi
outcome=0
kill -TERM "$pid"
if ! wait_until_gone 400; then
    outcome=1
    echo "stop.sh: process $pid did not end in 20 seconds; killing it" >&2
    kill -KILL "$pid"
    wait_until_gone 100 || { echo "stop.sh: process $pid is still there" >&2; exit 1; }
fi
rm -f "$dir/slapd.pid" "$dir/env"
exit "$outcome"
