#!/bin/sh
# Installs the named Debian or Ubuntu packages when we are root there; else says what to install, and fails.
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install with this machine's own package manager: $*" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Please run once: sudo apt-get install $*" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing Debian packages: $*" >&2
apt-get -qq -o DPkg::Lock::Timeout=120 update >/dev/null
apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null
