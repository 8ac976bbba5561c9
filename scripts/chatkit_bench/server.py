"""nginx with the pages of an account: no code runs for an answer, it is a file."""

import contextlib
import getpass
import http.client
import os
import subprocess
from pathlib import Path
from typing import Iterator

from .processes import BenchError, accepts, free_port, running, wait_until

# The path of a page is put together from the arguments. What there is no page for (another limit,
# `before`, `user`) becomes a path that does not exist: 404, and noted in failed.log.
CONFIGURATION = """
daemon off;
master_process off;
{user}
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format line '$status $request';
    map $status $failed {{ 200 0; default 1; }}
    access_log {work}/failed.log line if=$failed;
    map $arg_after $cursor {{ "" first; "~^[A-Za-z0-9_]+$" $arg_after; default none; }}
    map $arg_order $order {{ "" desc; asc asc; desc desc; default none; }}
    map $arg_limit $limit {{ "~^[0-9]+$" $arg_limit; default none; }}
    map "$arg_before$arg_user" $filter {{ "" ""; default /none; }}
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    default_type application/json;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    gzip_static always;
    gunzip on;
    server {{
        listen 127.0.0.1:{port};
        {tls}
        root {pages};
        location = /status {{ stub_status; }}
        location = /v1/chatkit/threads {{
            rewrite ^ /threads$filter/$order/$limit/$cursor.json break;
        }}
        location ~ ^/v1/chatkit/threads/(?<thread>[^/]+)/items$ {{
            rewrite ^ /items$filter/$order/$limit/$thread.$cursor.json break;
        }}
        location ~ ^/v1/chatkit/threads/(?<thread>[^/]+)$ {{
            rewrite ^ /thread/$thread.json break;
        }}
    }}
}}
"""


class Server:
    def __init__(self, port: int, tls_port: int, certificate: Path, failures: Path):
        self.port = port
        self.tls_port = tls_port  # TLS and HTTP/2
        self.certificate = certificate
        self.failures = failures
        self.own = 0  # requests for the number of requests

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def requests(self) -> int:
        """How many requests were answered, over either port."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/status")
            # "server accepts handled requests" and then the three numbers
            lines = connection.getresponse().read().decode().splitlines()
        self.own += 1
        return int(lines[2].split()[2]) - self.own

    def check(self) -> None:
        """What nginx had no page for would make every figure worthless."""
        failed = self.failures.read_text().splitlines() if self.failures.exists() else []
        if failed:
            raise BenchError(f"{len(failed)} requests failed, for there is no page, such as: "
                             f"{failed[0]}")


@contextlib.contextmanager
def serving(pages: Path, work: Path) -> Iterator[Server]:
    """nginx with its files in work, which is made."""
    work.mkdir()
    certificate, key = work / "certificate.pem", work / "key.pem"
    make_certificate(certificate, key)
    server = Server(free_port(), free_port(), certificate, work / "failed.log")
    (work / "nginx.conf").write_text(CONFIGURATION.format(
        work=work, pages=pages, port=server.port,
        user=f"user {getpass.getuser()};" if os.getuid() == 0 else "",
        tls=f"listen 127.0.0.1:{server.tls_port} ssl http2; ssl_certificate {certificate}; "
            f"ssl_certificate_key {key};"))
    with open(work / "nginx.log", "wb") as log, \
            running("nginx", "-e", work / "error.log", "-c", work / "nginx.conf", "-p", work,
                    stdout=log, stderr=log) as nginx:
        wait_until(lambda: nginx.poll() is not None or accepts(server.port), "nginx")
        if nginx.poll() is not None:
            raise BenchError(f"nginx ended: {(work / 'nginx.log').read_text().strip()}")
        try:
            yield server
        finally:
            server.check()  # also where the walk failed: this is why


def make_certificate(certificate: Path, key: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
