"""A throw-away certificate authority, and a proxy that ends TLS as one before a gateway does."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "host",
    "transfer-encoding",
    "content-length",
    "date",
    "server",
}
DAY = timedelta(days=1)


def certificate(directory: Path, names: list[str]) -> tuple[Path, Path]:
    """The files of an authority, and of a certificate with its key for these names and loopback."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _builder("Authority of a test", "Authority of a test", authority_key)
    authority = authority.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    ca = directory / "ca.pem"
    signed = authority.sign(authority_key, hashes.SHA256())
    ca.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key = ec.generate_private_key(ec.SECP256R1())
    subjects: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    subjects.append(x509.IPAddress(ip_address("127.0.0.1")))
    server = _builder(names[0], "Authority of a test", key)
    server = server.add_extension(x509.SubjectAlternativeName(subjects), critical=False)
    chain = directory / "server.pem"
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + server.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return ca, chain


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@contextmanager
def proxy(chain: Path | None, backend: str, headers: Mapping[str, str]) -> Iterator[int]:
    """The port of a proxy that ends TLS and passes everything on to `backend` over HTTP.

    Args:
        chain: its certificate and key; without, it is reached over HTTP and tells the backend the
            same, for what calls from this process.
        headers: what the backend is told besides.
    """

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            passed = {name: text for name, text in self.headers.items() if _passes(name)}
            with requests.Session() as session:
                session.trust_env = False
                response = session.request(
                    self.command,
                    backend + self.path,
                    headers={**passed, **headers},
                    data=body,
                    allow_redirects=False,
                    timeout=60,
                )
            self.send_response(response.status_code)
            for name, text in response.headers.items():
                if _passes(name) and name.lower() != "content-encoding":
                    self.send_header(name, text)
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if chain is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def _passes(name: str) -> bool:
    return name.lower() not in HOP_BY_HOP
