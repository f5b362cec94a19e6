#!/bin/sh
# What the suite needs beside Python: a Chromium, the one library its driver (Playwright) needs, Chinese letters for
# the pictures and, as root, PostgreSQL's binaries (without root the suite takes those of a Python package). Never
# fails: a test that finds one of them missing fails itself, with a sentence.
set -u

missing=
if [ -z "${TEST_CHROMIUM:-}" ] && [ "$(uname)" = Linux ]; then
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
        command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
    [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
fi
if [ "$(uname)" = Linux ]; then
    ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1 || ls /usr/lib*/libatomic.so.1 >/dev/null 2>&1 ||
        missing="$missing libatomic1"
fi
if [ -z "${TEST_DATABASE_URL:-}" ] && [ "$(id -u)" -eq 0 ]; then
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
        missing="$missing postgresql"
fi
# shellcheck disable=SC2086  # a list of words on purpose
[ -z "$missing" ] || sh scripts/debian-packages.sh $missing || true
