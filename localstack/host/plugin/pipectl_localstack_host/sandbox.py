"""One function process: its environment, its output, its Runtime API, its end."""

import os
import select
import subprocess
import sys
import threading
from pathlib import Path

from .runtime_api import RuntimeApi

OUTPUT_LIMIT = 256 * 1024
PASSED_ON = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "SSL_CERT_FILE")


class Unrunnable(Exception):
    """The function holds nothing that this executor can start."""


def command_for(runtime: str | None, task_root: Path) -> list[str]:
    """What to start for a runtime, or why nothing can be."""
    if runtime and runtime.startswith("provided"):
        bootstrap = task_root / "bootstrap"
        if not bootstrap.is_file():
            raise Unrunnable("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
        return [str(bootstrap)]
    if runtime and runtime.startswith("python3."):
        # The interpreter LocalStack runs on: it has boto3, as AWS's own Python runtimes do.
        return [sys.executable, "-u", str(Path(__file__).with_name("python_bootstrap.py"))]
    raise Unrunnable(f"runtime {runtime} needs Docker; without it provided.* and python3.* run")


class Sandbox:
    """Started once, ended once; never used again after that."""

    def __init__(self, runtime: str | None, task_root: Path, variables: dict[str, str]):
        command = command_for(runtime, task_root)
        self.api = RuntimeApi()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment.update({name: str(value) for name, value in variables.items()})
        environment.update(LAMBDA_TASK_ROOT=str(task_root), AWS_LAMBDA_RUNTIME_API=self.api.address)
        self._lock = threading.Lock()
        self._output = bytearray()
        try:
            # In LocalStack's own process group, so that whoever ends the group ends the functions too.
            self._process = subprocess.Popen(
                command,
                cwd=task_root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as failure:
            self.api.close()
            raise Unrunnable(f"fork/exec {command[0]}: {failure.strerror}") from failure
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._reap, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None and not self.api.closed

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def take_output(self) -> str:
        """What the process has written since it was last asked, up to this moment."""
        with self._lock:
            self._drain()
            output = self._output.decode(errors="replace")
            self._output.clear()
        return output

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self.api.process_ended(self._process.returncode)
        self.api.close()

    def _read(self) -> None:
        pipe = self._process.stdout
        while True:
            select.select([pipe], [], [])
            with self._lock:
                if not self._drain():
                    return

    def _reap(self) -> None:
        # Not by the end of its output: what it started may hold that open for longer than it lives.
        self.api.process_ended(self._process.wait())

    def _drain(self) -> bool:
        """Reads what is there without waiting; false at the end of the output."""
        pipe = self._process.stdout
        while select.select([pipe], [], [], 0)[0]:
            chunk = os.read(pipe.fileno(), 65536)
            if not chunk:
                return False
            self._output += chunk
            # The newest lines are the ones that tell what happened.
            del self._output[:-OUTPUT_LIMIT]
        return True
