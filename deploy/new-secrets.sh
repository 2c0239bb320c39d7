#!/bin/sh
# Make the secrets of a new installation, one in each file of a directory.
#
#   deploy/new-secrets.sh DIRECTORY [DATABASE_HOST [REDIS_HOST]]
#
# An existing file is kept: a lost field_encryption_keys makes all stored secrets unreadable.
set -eu

[ $# -ge 1 ] || { echo "usage: deploy/new-secrets.sh DIRECTORY [DATABASE_HOST [REDIS_HOST]]" >&2; exit 2; }
database_host=${2:-postgres}
redis_host=${3:-redis}
umask 077
mkdir -p "$1"
cd "$1"

random() { # random BYTES: url-safe base64
  head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'
}
keep() { # keep NAME VALUE
  [ -e "$1" ] || { printf '%s\n' "$2" >"$1"; echo "made $1"; }
}

keep secret_key "$(random 48)"
keep field_encryption_keys "$(random 32)"
keep metrics_token "$(random 24)"
keep postgres_password "$(random 24)"
keep redis_password "$(random 24)"
keep database_url "postgres://gateway:$(cat postgres_password)@$database_host:5432/gateway"
keep redis_url "redis://:$(cat redis_password)@$redis_host:6379/0"
# Containers read them as another user; the directory admits nobody else on this machine.
chmod 0444 ./*
