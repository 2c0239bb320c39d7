#!/usr/bin/env bash
# Write a backup of the database to a file:
#
#   DATABASE_URL_FILE=/etc/gateway/secrets/database_url deploy/backup/backup.sh FILE
#
# The file appears under its name when it is complete. Names, balances and transactions are in it in
# plain text, secrets and account numbers encrypted: guard it as you guard the database, and keep
# FIELD_ENCRYPTION_KEYS somewhere else. pg_dump must not be older than the server.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: backup.sh FILE" >&2; exit 2; }
. "$(dirname "$0")/connection.sh"
umask 077
pg_dump --dbname="$url" --format=custom --no-owner --no-privileges --file="$1.unfinished"
pg_restore --list "$1.unfinished" >/dev/null
mv "$1.unfinished" "$1"
echo "$1: $(wc -c <"$1") bytes"
