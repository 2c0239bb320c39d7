#!/bin/sh
# Install the gateway from this checkout into a directory: packages, code and static files.
#
#   deploy/install.sh /opt/gateway
#
# The Dockerfile runs it, and so does whoever installs on a machine. Needs Python 3.11 or newer with
# venv and pip (PYTHON names another interpreter). Only packages that are pinned with their hash in
# requirements.txt are installed; the environment has no pip. Running it again over an installation
# replaces packages and code, and leaves everything else.
set -eu

[ $# -eq 1 ] || { echo "usage: deploy/install.sh DIRECTORY" >&2; exit 2; }
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)
[ "$target" != "$source" ] || { echo "Name another directory than this checkout." >&2; exit 2; }
python=${PYTHON:-python3}

"$python" -m venv --without-pip "$target/.venv"
"$python" -m pip --disable-pip-version-check --python "$target/.venv/bin/python" install --quiet \
  --no-cache-dir --no-compile --require-hashes --requirement "$source/requirements.txt"

for part in gateway integrations nucleus celery_app; do
  rm -rf "${target:?}/$part"
  cp -R "$source/$part" "$target/$part"
done
cp "$source/manage.py" "$source/openapi.yaml" "$target/"
find "$target" -name __pycache__ -type d -prune -exec rm -rf {} +

cd "$target"
DJANGO_SETTINGS_MODULE=gateway.settings READ_DOT_ENV=false .venv/bin/python manage.py collectstatic --noinput --clear --verbosity 0
.venv/bin/python -m compileall -q -j 0 .venv/lib gateway integrations nucleus celery_app >/dev/null || true
echo "Installed in $target"
