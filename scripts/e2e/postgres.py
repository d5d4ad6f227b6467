"""A PostgreSQL for one act: on this machine, at an address that the cluster's pods reach."""

import contextlib
import glob
import os
import pathlib
import secrets
import shutil
import tempfile

from shell import output, run

USER = "waybill"
PORT = 15432


def _programs():
    """The folder of initdb and pg_ctl; Debian keeps them off PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    return pathlib.Path(initdb).parent if initdb else None


class Server:
    """A database server that listens at one address, as its own user where we are root."""

    def __init__(self, programs, folder, host):
        self.programs, self.folder, self.host = programs, folder, host
        self.password = secrets.token_hex(12)
        self.url = f"postgres://{USER}@{host}:{PORT}/{USER}?sslmode=disable"
        self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []

    def _run(self, *words):
        run([*self._as, *words])

    def start(self):
        data, password = self.folder / "data", self.folder / "password"
        password.write_text(self.password)
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(password, "postgres", "postgres")
        words = ["--pgdata", data, "--username", USER, f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        self._run(self.programs / "initdb", *words)
        with open(data / "pg_hba.conf", "a") as rules:
            rules.write("host all all all scram-sha-256\n")
        self._control("start")
        environment = [f"PGPASSWORD={self.password}", f"PGHOST={self.host}", f"PGPORT={PORT}", f"PGUSER={USER}"]
        self._run("env", *environment, self.programs / "createdb", USER)

    def _control(self, verb):
        options = f"-c listen_addresses={self.host} -c port={PORT} -c unix_socket_directories={self.folder}"
        words = ["--pgdata", self.folder / "data", "--log", self.folder / "log", "--wait"]
        self._run(self.programs / "pg_ctl", verb, *words, *(["--options", options] if verb != "stop" else []))

    def restart(self):
        """As after a crash: connections are cut, and what is not on disk is gone."""
        self._run(self.programs / "pg_ctl", "stop", "--pgdata", self.folder / "data", "--mode=immediate", "--wait")
        self._control("start")

    def stop(self):
        self._run(self.programs / "pg_ctl", "stop", "--pgdata", self.folder / "data", "--mode=fast", "--wait")


@contextlib.contextmanager
def server(host):
    """A running server, or None where the cluster would not reach it or PostgreSQL is not installed."""
    programs = _programs()
    if host is None or programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="waybill-e2e-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        server = Server(programs, pathlib.Path(folder), host)
        server.start()
        try:
            yield server
        finally:
            server.stop()
