"""Stands in for DNS, routing and the public certificate authorities in a process under test.

Python imports this by itself where its directory is on PYTHONPATH. Production refuses loopback and
private addresses and plain HTTP, and that is how it has to run here, too; so the hosts of the test
have names and public addresses, and only the last step, the connection, ends on this machine.
Nothing of the product is touched.

TEST_NETWORK is JSON: {"ca": file, "hosts": {name: [public address, port on this machine]}}.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

import certifi

NETWORK = json.loads(os.environ["TEST_NETWORK"])
ADDRESSES = {name: address for name, (address, _) in NETWORK["hosts"].items()}
PORTS = dict(NETWORK["hosts"].values())
resolve, connect = socket.getaddrinfo, socket.socket.connect


def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
    return resolve(ADDRESSES.get(host, host), port, *args, **options)


def connect_there(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and address[0] in PORTS:
        address = ("127.0.0.1", PORTS[address[0]])
    connect(self, address)


socket.getaddrinfo = getaddrinfo
socket.socket.connect = connect_there  # type: ignore[method-assign, assignment]
certifi.where = lambda: str(NETWORK["ca"])
