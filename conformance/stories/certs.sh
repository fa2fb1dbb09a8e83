#!/bin/sh
# certs.sh DIR: makes a small authority and certificates signed by it, for the TLS stories:
# ca.pem, a.pem (a.example.com), b.pem (*.b.example.com), local.pem (localhost, 127.0.0.1), client.pem (each: certificate and key).
set -e
cd "$1"
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
openssl req -x509 $ec -keyout ca.key -out ca.pem -subj /CN=story-ca 2>/dev/null
sign() {
	openssl req $ec -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
	printf 'subjectAltName=%s\n' "$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
	cat "$1.crt" "$1.key" >"$1.pem"
}
sign a a.example.com DNS:a.example.com
sign b '*.b.example.com' 'DNS:*.b.example.com'
sign local localhost DNS:localhost,IP:127.0.0.1
sign client client DNS:client
mkdir -p many
cp a.pem b.pem many/
