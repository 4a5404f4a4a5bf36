#!/bin/sh
# Prints the path of a Python 3.11 or newer that can make virtual environments: the first argument,
# or, if that is python3 and is not one, the first of those that machines usually have.
set -u

probe='
import sys
assert sys.version_info >= (3, 11)
import ensurepip, venv
print(getattr(sys, "_base_executable", sys.executable))
'

asked=${1:-python3}
[ "$asked" = python3 ] || {
    "$asked" -c "$probe" 2>/dev/null && exit 0
    printf '%s\n' "$asked is not a Python 3.11 or newer with the modules venv and ensurepip" >&2
    exit 1
}

for candidate in python3 \
    python3.14 python3.13 python3.12 python3.11 \
    "${HOME:-/}"/.pyenv/versions/3.*/bin/python3 \
    /usr/local/bin/python3 /usr/bin/python3; do
    found=$("$candidate" -c "$probe" 2>/dev/null) && [ -n "$found" ] && {
        [ "$candidate" = python3 ] ||
            printf '%s\n' "== python3 is not a Python 3.11 or newer with venv: taking $found" >&2
        printf '%s\n' "$found"
        exit 0
    }
done

printf '%s\n' \
    "No Python 3.11 or newer with the modules venv and ensurepip was found." \
    "On Debian and Ubuntu: apt-get install python3 python3-venv. Elsewhere: make PYTHON=/path/to/python3." >&2
exit 1
