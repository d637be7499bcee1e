#!/bin/sh
# Certificates for the tests of the TLS layer, made on the spot: make_certs.sh FOLDER
#
# Dates are fixed and the tests have a clock of their own (2026-06-01), so nothing here ages.
#
# SPDX-License-Identifier: MIT
set -eu

dir=$1
mkdir -p "$dir"
cd "$dir"
[ -f done ] && exit 0

cat >ca.cnf <<'EOF'
[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:false
keyUsage = digitalSignature
subjectAltName = $ENV::SAN
[nosan]
basicConstraints = CA:false
keyUsage = digitalSignature
[client]
basicConstraints = CA:false
extendedKeyUsage = clientAuth
subjectAltName = $ENV::SAN
EOF
: >index.txt
export SAN="DNS:collector.example,DNS:second.example,IP:192.0.2.1"

key() { # name, kind
	case $2 in
	ec) openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" ;;
	p384) openssl ecparam -name secp384r1 -genkey -noout -out "$1.key" ;;
	rsa*) openssl genrsa -out "$1.key" "${2#rsa}" ;;
	esac
}

# name, kind, CN, issuer ("self" for none), section, end, digest
cert() {
	key "$1" "$2"
	openssl req -new -config ca.cnf -key "$1.key" -subj "/CN=$3" -out "$1.csr"
	if [ "$4" = self ]; then
		set -- "$@" -selfsign -keyfile "$1.key"
	else
		set -- "$@" -cert "$4.crt" -keyfile "$4.key"
	fi
	name=$1 section=$5 end=$6 digest=$7
	shift 7
	openssl ca -config ca.cnf -batch -notext -in "$name.csr" -out "$name.crt" -md "$digest" \
		-extensions "$section" -startdate 20260101000000Z -enddate "$end" "$@"
}

{
	cert root ec "Vedette Test Root" self root 20350101000000Z sha256
	cert other ec "Other CA" self root 20350101000000Z sha256
	cert inter ec "Vedette Test Intermediate" root root 20350101000000Z sha256
	cert ec ec "collector" inter leaf 20261001000000Z sha256
	cert p384 p384 "collector" root leaf 20261001000000Z sha384
	cert rsaroot rsa2048 "Vedette RSA Root" self root 20350101000000Z sha256
	cert rsa rsa2048 "collector" rsaroot leaf 20261001000000Z sha512
	cert stranger ec "collector" other leaf 20261001000000Z sha256
	cert selfsigned ec "collector" self leaf 20261001000000Z sha256
	cert weak rsa1024 "collector" root leaf 20261001000000Z sha256
	cert sha1 ec "collector" root leaf 20261001000000Z sha1
	cert tiny rsa768 "collector" root leaf 20261001000000Z sha256
	cert purpose ec "collector" root client 20261001000000Z sha256
	cert cnonly ec "collector.example" root nosan 20261001000000Z sha256
	# 6 KiB: more than VD_TLS_IN_BYTES
	SAN="DNS:collector.example$(i=0; while [ $i -lt 200 ]; do printf ',DNS:name-%03d.large.example' $i; i=$((i + 1)); done)"
	export SAN
	cert large ec "collector" root leaf 20261001000000Z sha256
} >log 2>&1 || { cat log >&2; exit 1; }

# What a server sends: its own first, then what leads to the root.
cat ec.crt inter.crt >ec.pem
for name in p384 rsa stranger selfsigned weak sha1 tiny purpose cnonly large; do
	cp "$name.crt" "$name.pem"
done

# SHA-256 of each key, as a pin: made by other code than ours.
for name in *.crt; do
	openssl x509 -in "$name" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -binary >"${name%.crt}.pin"
done
touch done
