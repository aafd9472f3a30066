#!/bin/sh
# Every test, with the Python that is given, in two lanes that take about as long: the unit tests (first, since some collect
# garbage again and again, and there is little yet), what each function does and what the template says of it (together,
# because the grants are judged by the calls that were seen); and beside it all the rest, which has its say at the end.
set -u
said=$(mktemp)
"$1" -m pytest --durations=12 --ignore=tests/functions --ignore=tests/template --ignore=tests/unit >"$said" 2>&1 &
rest=$!
trap 'kill "$rest"; rm -f "$said"; exit 130' INT TERM
"$1" -m pytest --durations=25 tests/unit tests/functions tests/template
functions=$?
echo "The rest:"
wait "$rest"
others=$?
cat "$said"
rm -f "$said"
[ "$functions" -eq 0 ] && [ "$others" -eq 0 ]
