#!/bin/sh
# Makes .venv with a fitting Python and puts the installer (uv) and the build tool (setuptools) into it, both
# pinned and hashed. Everything else is installed by the Makefile.
set -eu

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if fits "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo "The incident clock needs Python 3.11 or newer; ${PYTHON:-python3} is" \
        "$("${PYTHON:-python3}" --version 2>&1 || true). Install one, or name it: make PYTHON=/path/to/python3 …" >&2
    exit 1
fi

if ! said=$("$python" -m venv --clear .venv 2>&1); then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    echo "$python cannot make a virtual environment yet: it lacks the package $package." >&2
    sh scripts/debian-packages.sh "$package" || { echo "$said" >&2; exit 1; }
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
