"""Kernels of our own: this very Python, over IPC in a private folder, started ahead of need, ended with all they started.

Why not papermill's: a `python3` kernelspec earlier on JUPYTER_PATH would choose the interpreter, TCP ports can be taken by
others between choice and use, and a kernel started only when its turn comes keeps the run waiting for its imports.
"""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_core.utils import run_sync

import segkit
from segkit import errors

# Runs in the kernel before its first cell, in a namespace of its own. The kernel watches for the driver's death only once it
# serves, hence the last line: a driver killed during the imports would leave the kernel behind.
WARM_UP = """
import importlib, os, sys
if {root!r} not in sys.path: sys.path.insert(0, {root!r})
for name in {modules!r}:
    try: importlib.import_module(name)
    except Exception: pass  # the cell that needs it will say so
if os.getppid() != {driver}: os._exit(1)
"""


class Kernel(AsyncKernelManager):
    """One kernel, made to be handed to papermill as `km=`: launch it, let papermill use it, end it."""

    def __init__(self, modules: tuple[str, ...] = ()):
        # Paths of IPC sockets may have about 100 characters, and some systems' temporary folders have 60 already.
        short = None if len(tempfile.gettempdir()) < 60 else "/tmp"
        self.folder = Path(tempfile.mkdtemp(prefix="segkit-", dir=short))
        self.modules = modules
        self.process: subprocess.Popen | None = None
        self.clients: list = []
        super().__init__(transport="ipc", ip=str(self.folder / "ipc"), connection_file=str(self.folder / "connection.json"))

    @property
    def kernel_spec(self) -> KernelSpec:
        """Never looked up; and a person's own IPython profile, startup files and history stay out of reports, too."""
        root = str(Path(segkit.__file__).absolute().parent.parent)
        code = WARM_UP.format(root=root, modules=self.modules, driver=os.getpid())
        return KernelSpec(
            argv=[
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--HistoryManager.hist_file=:memory:",
                "--IPKernelApp.exec_PYTHONSTARTUP=False",
                "--IPKernelApp.ignore_cwd=True",
                f"--IPKernelApp.exec_lines=exec({code!r}, {{}})",
            ],
            metadata={"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
        )

    def launch(self, env: dict[str, str]) -> None:
        """Start the process and return at once; it gets ready by itself. `env` is added to its environment, not to ours."""
        # MPLBACKEND=Agg, as schedulers like to set it, would take the figures out of the notebooks.
        ours = {"IPYTHONDIR": str(self.folder), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        with open(self.folder / "stderr", "wb") as stderr:
            run_sync(self.start_kernel)(env={**os.environ, **ours, **env}, stdout=subprocess.DEVNULL, stderr=stderr)
        self.process = self.provisioner.process

    def client(self, **options):
        """Remembered, so that `end` can close it: papermill leaves that to whoever brought the kernel."""
        self.clients.append(super().client(**options))
        return self.clients[-1]

    def kill(self) -> None:
        """Kill the kernel and its children (it leads its own process group). Safe in a signal handler or another thread."""
        if self.process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill, wait, close the sockets, remove the folder."""
        self.kill()
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)
        for client in self.clients:
            client.stop_channels()
        run_sync(self.cleanup_resources)()
        shutil.rmtree(self.folder, ignore_errors=True)

    def death(self, served: bool) -> str:
        """How a dead kernel died, with its last words if it never came to serve: they are about Python, not about customers."""
        code = self.process.wait(timeout=5)
        if code == -signal.SIGKILL:
            return "killed, out of memory?"
        words = [] if served else (self.folder / "stderr").read_text(errors="replace").strip().splitlines()[-1:]
        return ": ".join([f"exit code {code}" if code >= 0 else str(signal.strsignal(-code)), *words])


class Stop:
    """Holds the running kernels. At the time limit, or when someone stops the driver, kills them and keeps the reason.

    Nothing is raised from a signal handler or a timer, only a flag is set: papermill notices a dead kernel within a second,
    and no clean-up is ever cut in two.
    """

    def __init__(self, seconds: float):
        self.kernels: list[Kernel] = []
        self.stage = ""
        self.error: errors.SegkitError | None = None
        self.timer = threading.Timer(
            min(seconds, threading.TIMEOUT_MAX),
            self.now,
            [errors.KernelLost, f"the time limit of {seconds:g} seconds was reached", "allow more with timeout_minutes"],
        )
        self.timer.daemon = True
        self.handlers: dict = {}

    def launch(self, modules: tuple[str, ...], env: dict[str, str]) -> None:
        self.kernels.append(Kernel(modules))
        self.kernels[-1].launch(env)

    def now(self, kind: type[errors.SegkitError], what: str, do: str) -> None:
        self.error = self.error or kind(what, f"in stage {self.stage}" if self.stage else "before the first stage", do)
        for kernel in tuple(self.kernels):
            kernel.kill()

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.handlers[number] = signal.signal(
                    number,
                    lambda number, frame: self.now(
                        errors.Interrupted, f"interrupted by {signal.Signals(number).name}", "run it again when it suits"
                    ),
                )
        self.timer.start()
        return self

    def __exit__(self, *raised) -> None:
        self.timer.cancel()
        for kernel in self.kernels:
            kernel.kill()
        for kernel in self.kernels:
            kernel.end()
        for number, handler in self.handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        if self.error:
            raise self.error from None


@contextmanager
def silence() -> Iterator[None]:
    """What papermill and its kin have to say on stderr, we say ourselves and in our words."""
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets", "asyncio")]
    before = {logger: logger.propagate for logger in loggers}
    nothing = logging.NullHandler()
    for logger in loggers:
        logger.addHandler(nothing)
        logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="nbformat|papermill|nbclient|jupyter_client|zmq")
            yield
    finally:
        for logger, propagate in before.items():
            logger.removeHandler(nothing)
            logger.propagate = propagate
