#!/bin/sh
# Every test, with the Python that is given, in three lanes at once, since most of them wait for something half of their
# time: the unit tests (first, since some collect garbage again and again, and there is little yet), what each function
# does and what the template says of it (together, because the grants are judged by the calls that were seen); the
# browser's; and all the rest. The last two give way to the first, which never waits, and have their say at the end.
set -u
browser=$(mktemp)
rest=$(mktemp)
nice -n 10 "$1" -m pytest --durations=12 tests/browser >"$browser" 2>&1 &
one=$!
nice -n 10 "$1" -m pytest --durations=12 --ignore=tests/browser --ignore=tests/functions --ignore=tests/template --ignore=tests/unit >"$rest" 2>&1 &
other=$!
trap 'kill "$one" "$other"; rm -f "$browser" "$rest"; exit 130' INT TERM
"$1" -m pytest --durations=25 tests/unit tests/functions tests/template
failed=$?
echo "In the browser:"
wait "$one" || failed=1
cat "$browser"
echo "The rest:"
wait "$other" || failed=1
cat "$rest"
rm -f "$browser" "$rest"
[ "$failed" -eq 0 ]
