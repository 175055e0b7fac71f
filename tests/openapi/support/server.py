"""The server under test: `countersign dev` with a data directory of its own, and other commands against it."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
START_SECONDS = 180
STOP_SECONDS = 60


def environment():
    """Without everything that could point the server elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("COUNTERSIGN_")
    }


class Server:
    """A fresh server; leaving it stops it and removes what it kept."""

    def __init__(self):
        self.program = os.environ.get("COUNTERSIGN_BIN", str(REPOSITORY / "target/debug/countersign"))
        if not Path(self.program).exists():
            raise SystemExit(f"There is no {self.program}. Build it: cargo build -p countersign (or set COUNTERSIGN_BIN)")

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="countersign-openapi-"))
        # Run by root, the database runs as another user, who has to get through here.
        self.directory.chmod(0o755)
        self.data = self.directory / "data"
        ready = self.directory / "ready.json"
        self.output = (self.directory / "output").open("w+")
        self.process = subprocess.Popen(
            [self.program, "dev", "--port", "0", "--data-dir", self.data, "--fresh", "--ready-file", ready],
            env={**environment(), "COUNTERSIGN_LOGGING_LEVEL": "warn"},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready.exists():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"The server did not start:\n{self.log()}")
                time.sleep(0.1)
            self.address = json.loads(ready.read_text())["base_url"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        """The last that the server said."""
        self.output.seek(0)
        return self.output.read()[-8_000:]

    def command(self, *parameters, text=""):
        """Runs another command of the program against the same database."""
        configuration = ["--config", self.data / "countersign.toml"]
        command = [self.program, *configuration, *parameters]
        ended = subprocess.run(command, env=environment(), input=text, text=True, capture_output=True)
        if ended.returncode:
            raise RuntimeError(f"countersign {' '.join(parameters)}: {ended.stderr}")
