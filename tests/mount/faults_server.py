# SPDX-License-Identifier: MIT
"""The servers of the fault matrix: a sandbox, nginx with TLS before it, and how they are made to
fail and to recover."""

import contextlib
import email.utils
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

REPOSITORY = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
KEY = "sk-test-Qm4vXc81Faults"
HOST = "api.chatkit.test"  # see resolver.c
LIMIT = 30  # seconds that anything may take


def wait_until(condition, what, limit=LIMIT):
    end = time.monotonic() + limit
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s in vain for {what}")
        time.sleep(0.02)  # between two looks
    return found


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def end_process(process):
    """Ends a process and reaps it, in any state."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def children(pid):
    """The ids of a process's children."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8",
                                                errors="replace") as file:
            if int(file.read().rpartition(")")[2].split()[1]) == pid:
                found.add(int(name))
    return found


class OtherHost:
    """Where no redirect must lead to: counts who comes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.2", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            visitor, _ = self.socket.accept()
            self.visits += 1
            visitor.close()


class Sandbox:
    def __init__(self, directory, data):
        self.directory, self.data, self.port = directory, data, 0
        self.process = None
        self.start()

    def start(self):
        """Starts it, again where it was before."""
        url_file = f"{self.directory}/url"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(url_file)
        command = [f"{REPOSITORY}/scripts/sandbox", "--key", KEY, "--url-file", url_file, "--data",
                   self.data, "--parent-pid", str(os.getpid()), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(url_file) or self.process.poll() is not None, "a sandbox", 60)
        with open(url_file, encoding="ascii") as file:
            self.url = file.read().strip()
        self.port = int(self.url.split(":")[2].split("/")[0])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        with contextlib.closing(connection):
            connection.request(method, f"/sandbox/{path}", body)
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status == 200, (method, path, answer.status, text)
        return text

    def count(self, pattern):
        return int(self.control("GET", f"count?match={urllib.parse.quote(pattern)}"))


class Nginx:
    """TLS before a sandbox; with what certificate can change."""

    def __init__(self, directory, certificates, backend):
        self.directory, self.certificates, self.backend = directory, certificates, backend
        while not self.start():
            pass

    def start(self):
        """Whether it got its port, which somebody else may have taken meanwhile."""
        self.port = free_port()
        self.configure("right")
        self.process = subprocess.Popen(
            ["nginx", "-c", f"{self.directory}/nginx.conf", "-p", self.directory],
            stderr=subprocess.DEVNULL, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))
        wait_until(lambda: self.process.poll() is not None or self.sees("right"), "nginx", 60)
        if self.process.poll() is None:
            return True
        with open(f"{self.directory}/nginx.log", encoding="utf-8") as file:
            log = file.read()
        assert "Address already in use" in log, log
        return False

    def configure(self, certificate):
        d = self.directory
        tls = "" if certificate == "plain" else "ssl"
        pair = f"{self.certificates}/{'right' if certificate == 'plain' else certificate}"
        temporary = "".join(f"{kind}_temp_path {d}/{kind}; "
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(f"{d}/nginx.conf", "w", encoding="ascii") as file:
            file.write(f"""daemon off; pid {d}/nginx.pid; error_log {d}/nginx.log;
worker_shutdown_timeout 1s;
events {{ }}
http {{ access_log off; {temporary} proxy_http_version 1.1;
    server {{ listen 127.0.0.1:{self.port} {tls}; location / {{ proxy_pass {self.backend}; }}
        ssl_certificate {pair}.pem; ssl_certificate_key {pair}.key; }} }}
""")

    def use(self, certificate):
        """From now on, also for who was connected before: those connections are closed."""
        before = children(self.process.pid)
        self.configure(certificate)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.sees(certificate) and not before & children(self.process.pid),
                   f"nginx with the certificate {certificate}")

    def sees(self, certificate):
        """Whether a new connection gets that certificate."""
        import ssl
        try:
            shown = ssl.get_server_certificate(("127.0.0.1", self.port), timeout=LIMIT)
        except ssl.SSLError:
            return certificate == "plain"
        except OSError:
            return False
        if certificate == "plain":
            return False
        with open(f"{self.certificates}/{certificate}.pem", encoding="ascii") as file:
            return file.read().strip() == shown.strip()


def make_certificates(directory):
    """Those that servers show: right, other, expired, selfsigned. The first three are signed by
    ca.pem."""
    config = f"{directory}/openssl.conf"
    with open(config, "w", encoding="ascii") as file:
        file.write(f"""[ca]
default_ca = own
[own]
dir = {directory}
database = {directory}/index
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
""")
    open(f"{directory}/index", "w", encoding="ascii").close()

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, cwd=directory)

    def request(name, host, *options):
        openssl("req", "-config", config, "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}", "-keyout",
                f"{name}.key", *options)

    def stamp(days):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))

    request("ca", "tests", "-x509", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE",
            "-out", "ca.pem")
    for name, host, begin, end in (("right", HOST, -1, 2), ("other", "other.example", -1, 2),
                                   ("expired", HOST, -3, -1)):
        request(name, host, "-addext", f"subjectAltName=DNS:{host}", "-out", f"{name}.csr")
        openssl("ca", "-config", config, "-batch", "-notext", "-in", f"{name}.csr", "-out",
                f"{name}.pem", "-keyfile", "ca.key", "-cert", "ca.pem", "-startdate", stamp(begin),
                "-enddate", stamp(end))
    request("selfsigned", HOST, "-x509", "-days", "2", "-addext", f"subjectAltName=DNS:{HOST}",
            "-out", "selfsigned.pem")


class BlackHole:
    """A port on which nobody gets a connection: its backlog is full, and stays so."""

    def __init__(self, port):
        self.sockets = [socket.socket()]
        self.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sockets[0].bind(("127.0.0.1", port))
        self.sockets[0].listen(0)
        while True:
            client = socket.socket()
            self.sockets.append(client)
            client.settimeout(0.3)  # on loopback a connection is there at once, or never
            try:
                client.connect(("127.0.0.1", port))
            except TimeoutError:
                return

    def close(self):
        for each in self.sockets:
            each.close()


class Server:
    """What a mount talks to: a sandbox, with TLS before it or without."""

    def __init__(self, directory, data, certificates=None):
        os.mkdir(directory)
        self.sandbox = Sandbox(directory, data)
        self.url = self.sandbox.url
        self.nginx = self.hole = None
        self.resolver = f"{directory}/resolver"
        self.environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": self.url}
        if certificates:
            self.nginx = Nginx(directory, certificates, self.url[:-len("/v1")])
            self.environment = {
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": f"https://{HOST}:{self.nginx.port}/v1",
                "SSL_CERT_FILE": f"{certificates}/ca.pem",
                "RESOLVER_FILE": self.resolver,
                # The address sanitizer would be first.
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
                "LD_PRELOAD": os.path.join(os.path.dirname(os.environ["CHATKITFS"]),
                                           "tests/libresolver.so"),
            }

    def set_resolver(self, mode):
        with open(f"{self.resolver}.new", "w", encoding="ascii") as file:
            file.write(mode)
        os.replace(f"{self.resolver}.new", self.resolver)

    def begin(self, fault, other_port):
        if fault.place == "answers":
            plans = json.dumps(fault.plans).replace("@OTHER", str(other_port)).replace(
                "@+2", email.utils.formatdate(time.time() + 2, usegmt=True))
            self.sandbox.control("POST", "faults", plans)
        elif fault.place == "certificate":
            self.nginx.use(fault.mode)
        elif fault.place == "name":
            self.set_resolver(fault.mode)
        elif fault.mode == "refuse":
            self.sandbox.kill()
        else:
            self.sandbox.kill()
            self.hole = BlackHole(self.sandbox.port)

    def end(self, fault):
        """Ends the fault. What was stalled before the headers goes on; what was stalled later never
        does, but new requests are answered."""
        if fault.place == "answers":
            self.sandbox.control("DELETE", "faults")
            if fault.plans[0]["kind"] in ("hold", "drip"):
                self.sandbox.control("POST", "release")
        elif fault.place == "certificate":
            self.nginx.use("right")
        elif fault.place == "name":
            self.set_resolver("")
        else:
            if self.hole:
                self.hole.close()
                self.hole = None
            self.sandbox.start()

    def close(self):
        if self.hole:
            self.hole.close()
        if self.nginx:
            end_process(self.nginx.process)
        end_process(self.sandbox.process)
