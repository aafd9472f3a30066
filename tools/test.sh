#!/bin/sh
# Every test, with the Python that is given, in five lanes at once, since all but the first wait for something half of
# their time: what each function does and what the template says of it (together, because the grants are judged by the
# calls that were seen), to which all others give way, because it never waits; the browser's in two, each with a local
# run of its own; the unit tests, and what is built and deployed; and all the rest. What each but the first has to say
# comes at the end.
set -u
python=$1
said=$(mktemp -d)
lanes=""
lane() {
  name=$1
  shift
  nice -n 10 "$python" -m pytest --durations=12 "$@" >"$said/$name" 2>&1 &
  lanes="$lanes $name:$!"
}
trap 'for one in $lanes; do kill "${one#*:}"; done; rm -rf "$said"; exit 130' INT TERM
lane rest --ignore=tests/browser --ignore=tests/functions --ignore=tests/packaging --ignore=tests/template --ignore=tests/unit
lane units-and-builds tests/unit tests/packaging
# From d to k is about half of it.
lane browser-1 tests/browser/test_[d-k]*.py
lane browser-2 tests/browser/test_[!d-k]*.py
"$python" -m pytest --durations=25 tests/functions tests/template
failed=$?
for one in $lanes; do
  wait "${one#*:}" || failed=1
  echo "${one%:*}:"
  cat "$said/${one%:*}"
done
rm -rf "$said"
[ "$failed" -eq 0 ]
