"""The gateway's settings, with the baselines beside its own URLs."""

from gateway.settings import *  # noqa: F403
from gateway.settings import MIDDLEWARE as GATEWAY_MIDDLEWARE

ROOT_URLCONF = "benchmarks.baselines"
MIDDLEWARE = ["benchmarks.baselines.QueryCount", *GATEWAY_MIDDLEWARE]
