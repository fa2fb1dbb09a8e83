#!/bin/sh
# Installs what the tests need beyond Go and that is not here yet; without root it only says what is missing.
set -u
missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need varnishtest varnish
need haproxy haproxy
need halog haproxy
need openssl openssl
need curl curl
need bash bash
need chromedriver chromium-driver
need gcc gcc
# Servers whose checks are tested (conformance/servers); about 90 MB, half a minute.
need redis-server redis-server
need slapd slapd
need ldapsearch ldap-utils
need mariadbd mariadb-server-core
need mysql mariadb-client-core
need psql postgresql-client
need aiosmtpd python3-aiosmtpd
set -- /usr/lib/postgresql/*/bin/initdb
[ -x "$1" ] || missing="$missing postgresql"
[ -e /usr/include/stdlib.h ] || missing="$missing libc6-dev"
[ -z "$missing" ] && exit 0
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "conformance: these packages are missing, and the tests that need them will be skipped: $missing" >&2
	exit 0
fi
# The packages bring services that must not start here.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
	trap 'rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
	echo "conformance: could not install: $missing" >&2
exit 0
