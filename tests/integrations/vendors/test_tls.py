"""HTTPS as real vendors speak it: trusted certificates only, and dripping is cut off there too."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.vendors import errors
from integrations.vendors.base import CallPolicy, VendorConfig
from integrations.vendors.transport import Transport, VendorRequest
from tests.integrations.vendors.scripted_server import Script, always, answer, error_for, serving

READ = VendorRequest("read_user", "GET", "/users", "/users")
QUICK = CallPolicy(connect_timeout=1, read_timeout=1, call_deadline=1.5)
PATIENT = CallPolicy(connect_timeout=30, read_timeout=30, call_deadline=60)  # busy machines


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vendor of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def send(script: Script, certificate: Path, policy: CallPolicy = PATIENT) -> object:
    """The answer over TLS, or the error."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def over_tls(connection: socket.socket) -> socket.socket:
        connection.getpeername()  # if the client has gone, wrap_socket would leave a socket open
        return context.wrap_socket(connection, server_side=True)

    with serving(script, over_tls) as server:
        config = VendorConfig("atrium", server.url.replace("http:", "https:"), "id", "key", policy)
        sender = Transport(vendor="mx", config=config, headers={}, error_for=error_for)
        try:
            return sender.send(READ).body
        except errors.VendorError as error:
            return error


def test_a_trusted_certificate(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    assert send(always(answer(body=b'{"fine": true}')), certificate) == {"fine": True}


def test_any_other_certificate_is_refused(certificate: Path):
    error = send(always(answer()), certificate)
    assert isinstance(error, errors.VendorUnavailable)
    assert "certificate" in str(error)


def test_dripping_is_cut_off(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))

    def drip(connection: socket.socket, request: bytes) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
            connection.sendall(bytes([letter]))
            time.sleep(0.1)

    started = time.monotonic()
    assert isinstance(send(drip, certificate, QUICK), errors.VendorTimeout)
    assert time.monotonic() - started < 20  # of the hundred seconds that it drips
