#!/usr/bin/env bash
# Restore a backup into an empty database, whole or not at all:
#
#   DATABASE_URL_FILE=/etc/gateway/secrets/database_url deploy/backup/restore.sh FILE
#
# Afterwards: manage.py migrate, and manage.py check_encryption (docs/backup.md).
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: restore.sh FILE" >&2; exit 2; }
. "$(dirname "$0")/connection.sh"
tables=$(psql --dbname="$url" --no-psqlrc --tuples-only --no-align \
  --command "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" -ne 0 ]; then
  echo "The database has $tables tables. Restore into an empty one." >&2
  exit 1
fi
pg_restore --dbname="$url" --no-owner --no-privileges --exit-on-error --single-transaction "$1"
psql --dbname="$url" --no-psqlrc --quiet --command ANALYZE # the planner knows nothing yet
echo "$1 is restored."
