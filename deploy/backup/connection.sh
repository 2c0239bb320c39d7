#!/usr/bin/env bash
# Sourced by the scripts beside it. Sets `url` and PGPASSWORD from DATABASE_URL, or from the file
# that DATABASE_URL_FILE names: everybody on the machine can read a command's arguments.
url=${DATABASE_URL:-$(cat "${DATABASE_URL_FILE:?Set DATABASE_URL or DATABASE_URL_FILE}")}
if [[ $url =~ ^(postgres(ql)?://[^:/@]+):([^@]*)@(.+)$ ]]; then
  PGPASSWORD=$(printf '%b' "${BASH_REMATCH[3]//%/\\x}")
  export PGPASSWORD
  url=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
fi
