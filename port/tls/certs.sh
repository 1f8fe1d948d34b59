#!/bin/sh
# make certs: certificates for development, in a folder that git ignores: a CA, a server's pair for localhost, a client's pair.
#     certs.sh FOLDER [KEYTYPE]      KEYTYPE: ec (P-256, default) or rsa
# What is there stays; remove the folder for new ones.
set -eu
folder=$1
type=${2:-ec}
mkdir -p "$folder"
cd "$folder"
umask 077

make_key() {
    if [ "$type" = rsa ]; then
        openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" 2>/dev/null
    else
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null
    fi
}

# sign NAME SUBJECT EXTENSIONS
sign() {
    make_key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    printf '%s\n' "$3" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 8)" -days 825 -sha256 \
        -extfile "$1.ext" -out "$1.crt" 2>/dev/null
    rm "$1.csr" "$1.ext"
}

[ -e ca.crt ] && [ -e server.crt ] && [ -e client.crt ] && exit 0
make_key ca
openssl req -x509 -new -key ca.key -subj "/CN=gram development CA" -days 3650 -sha256 -out ca.crt \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
sign server "/CN=localhost" "basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
sign client "/CN=client" "basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectAltName=DNS:client.example,URI:spiffe://example/client"
echo "gram: $folder has ca.crt, server.crt, server.key, client.crt, client.key: for development only"
