#!/bin/sh
# Prints the newest Python from 3.13 down to 3.11 that really runs and can make a virtual environment.
# A version manager's shim may stand on the path and fail when called: each candidate is tried.
for version in 3.13 3.12 3.11; do
  for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/"python$version" python3; do
    "$candidate" -c "import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" >/dev/null 2>&1 || continue
    command -v "$candidate"
    exit 0
  done
done
echo "miINTI needs Python 3.11, 3.12 or 3.13, with venv; none was found on this machine." >&2
exit 1
