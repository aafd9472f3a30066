#!/bin/sh
# Every test, with the Python that is given, in five lanes at once. Three wait for something half of their time, so the
# others give way to them: what starts local runs and goes through them; and the browser's in two, each with a local run
# of its own. The two that never wait: the unit tests, and what is built and deployed; and what each function does and
# what the template says of it (together, because the grants are judged by the calls that were seen). What each but the
# last has to say comes at the end.
set -u
python=$1
said=$(mktemp -d)
lanes=""
lane() {
  name=$1 manners=$2
  shift 2
  nice -n "$manners" "$python" -m pytest --durations=12 "$@" >"$said/$name" 2>&1 &
  lanes="$lanes $name:$!"
}
trap 'for one in $lanes; do kill "${one#*:}"; done; rm -rf "$said"; exit 130' INT TERM
lane runs 0 --ignore=tests/browser --ignore=tests/functions --ignore=tests/packaging --ignore=tests/template --ignore=tests/unit
# From a to d is about half of it.
lane browser-1 0 tests/browser/test_[a-d]*.py
lane browser-2 0 tests/browser/test_[!a-d]*.py
lane units-and-builds 10 tests/unit tests/packaging
nice -n 7 "$python" -m pytest --durations=25 tests/functions tests/template
failed=$?
for one in $lanes; do
  wait "${one#*:}" || failed=1
  echo "${one%:*}:"
  cat "$said/${one%:*}"
done
rm -rf "$said"
[ "$failed" -eq 0 ]
