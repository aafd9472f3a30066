#!/bin/sh
# Every test, with the Python that is given. The journeys mostly wait for the machine they started, so they run beside the
# others; what they have to say comes at the end.
set -u
said=$(mktemp)
"$1" -m pytest tests/journeys >"$said" 2>&1 &
journeys=$!
trap 'kill "$journeys"; rm -f "$said"; exit 130' INT TERM
"$1" -m pytest --ignore=tests/journeys
others=$?
echo "Journeys:"
wait "$journeys"
walked=$?
cat "$said"
rm -f "$said"
[ "$others" -eq 0 ] && [ "$walked" -eq 0 ]
