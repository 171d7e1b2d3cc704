"""Run notebooks one after the other with papermill, and judge by ourselves whether they succeeded.

Papermill calls a run fine after `sys.exit(0)`, and marks every cell "completed" after the kernel died. Here a notebook has
succeeded when nothing was raised AND every code cell completed AND the files it owes are there.
"""

import ast
import errno
import json
import keyword
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segkit import errors


@dataclass(frozen=True)
class Job:
    """One notebook to run."""

    stage: str  # the one word of the stage: "segments"
    notebook: Path  # the source, never modified
    output: Path  # the executed copy, kept also when the notebook fails
    parameters: dict[str, Any]  # scalars and flat lists
    warm: tuple[str, ...] = ()  # modules the kernel imports while it waits for its turn
    writes: tuple[Path, ...] = ()  # files the notebook owes


def notebooks(
    jobs: Sequence[Job],
    env: dict[str, str],
    seconds: float,
    on_cell: Callable[[Job, int, int], None] | None = None,
    on_done: Callable[[Job, float], None] | None = None,
) -> None:
    """Run `jobs` in order, all within `seconds`; return only if every one of them succeeded.

    env:     added to the kernels' environment, not to ours
    on_cell: called with (job, code cells done, code cells in all), first with 0 done
    on_done: called with (job, seconds it took) once a job has succeeded and its executed copy is in place

    Raises BadInput before anything starts; NotebookFailed, KernelLost, Interrupted, or the segkit error that a cell raised.
    """
    for job in jobs:
        _check(job)
    for job in jobs:
        _make_room(job)
    from segkit import kernels  # half a second of jupyter_client, which importing segkit need not cost

    with _full_disk_told(), kernels.silence(), kernels.Stop(seconds) as stop:
        for number, job in enumerate(jobs):
            began, stop.stage = time.monotonic(), job.stage
            for near in jobs[number + len(stop.kernels) : number + 2]:  # the next kernel starts while this notebook works
                stop.launch(near.warm, env)
            if stop.error:
                break
            _run(job, stop.kernels[0], on_cell)
            stop.kernels.pop(0).end()
            if on_done:
                on_done(job, time.monotonic() - began)


def parameters_of(notebook: Path) -> dict[str, Any]:
    """Names and defaults in the notebook's cell tagged `parameters`; {} if it has none."""
    try:
        cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
        tagged = [cell["source"] for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise errors.BadInput(f"{notebook} cannot be read as a notebook", type(error).__name__) from None
    found = {}
    try:
        for line in ast.parse("".join(tagged[0])).body if tagged else ():
            for target in line.targets if isinstance(line, ast.Assign) else [line.target]:
                found[target.id] = ast.literal_eval(line.value)
    except (SyntaxError, AttributeError, TypeError, ValueError):
        raise errors.BadInput(
            f"the parameters cell of {Path(notebook).name} holds more than `name: type = value` lines",
            f"read so far: {', '.join(found) or 'none'}",
            "move everything else to another cell",
        ) from None
    return found


def _check(job: Job) -> None:
    """Papermill would inject unknown names, run code smuggled in through a name, and turn a tuple into text."""
    known = parameters_of(job.notebook)
    for name, value in job.parameters.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            raise errors.BadInput(f"{name!r} cannot be the name of a parameter", f"stage {job.stage}")
        if name not in known:
            raise errors.BadInput(
                f"{job.notebook.name} has no parameter {name!r}",
                errors.nearest(name, known) if known else "it has no cell tagged `parameters`",
            )
        if not _is_plain(value) and not (type(value) is list and all(map(_is_plain, value))):
            raise errors.BadInput(
                f"a notebook cannot be given this value of {name!r}",
                f"its type is {type(value).__name__}",
                "use text, finite numbers, true, false, null or a flat list of these",
            )


def _make_room(job: Job) -> None:
    """Executed notebooks may quote customers, so their folder is private."""
    try:
        job.output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise errors.BadInput(f"{job.output.parent} cannot be made", error.strerror) from None


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in (str, bool, int) or type(value) is float and math.isfinite(value)


class _Progress:
    """What papermill's client tells while it works. It hands out the notebook on success only, we keep it of failures too."""

    def __init__(self, job: Job, on_cell: Callable[[Job, int, int], None] | None):
        self.job, self.on_cell = job, on_cell
        self.nb, self.at, self.done, self.cells = None, 0, 0, 0

    def start(self, notebook) -> None:
        self.nb = notebook
        self.cells = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in notebook.cells)
        self.tell()

    def cell_start(self, cell, cell_index) -> None:
        self.at = cell_index

    def cell_executed(self, cell, cell_index, execute_reply) -> None:
        self.done += 1
        self.tell()

    def tell(self) -> None:
        if self.on_cell:
            self.on_cell(self.job, self.done, self.cells)


def _run(job: Job, kernel, on_cell: Callable[[Job, int, int], None] | None) -> None:
    """Execute one notebook, leave its executed copy whatever happens, raise what went wrong."""
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    progress = _Progress(job, on_cell)
    failure = None
    try:
        # A notebook goes in and none comes out: papermill would str.format both paths, and write the copy in place.
        papermill.execute_notebook(
            nbformat.read(job.notebook, as_version=4),
            None,
            job.parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            km=kernel,
            start_timeout=10**6,
            iopub_timeout=60,
            shell_timeout_interval=1,
            on_notebook_start=progress.start,
            on_cell_start=progress.cell_start,
            on_cell_executed=progress.cell_executed,
        )
    except papermill.PapermillExecutionError as error:
        failure = _raised(job, error)
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        deaf = isinstance(error, CellTimeoutError)
        if not deaf and kernel.process.poll() is None:
            raise  # nothing to do with the kernel: a callback of ours
        failure = _lost(job, progress, "stopped answering" if deaf else "died: " + kernel.death(served=progress.nb is not None))
    failure = failure or _incomplete(job, progress)
    if progress.nb:
        _write(progress.nb, job.output)
    missing = [path.name for path in job.writes if not path.exists()]
    if missing and not failure:
        failure = errors.NotebookFailed(
            f"{job.notebook.stem} did not write {', '.join(missing)}", f"stage {job.stage}", f"see {job.output}"
        )
    if failure:
        raise failure


def _raised(job: Job, error) -> errors.SegkitError:
    """The exception class and the cell, never the text: it may quote customers' rows. Our own messages never do, and pass.

    A foreign class may bear the name of one of ours; only ours show their message in place of a traceback.
    """
    if error.ename in errors.KINDS and error.traceback == [f"{error.ename}: {error.evalue}"]:
        parts = re.fullmatch(r"(.*?)(?:\n  (?!-> )(.*?))?(?:\n  -> (.*))?", error.evalue, re.DOTALL)
        return errors.KINDS[error.ename](*parts.groups(default=""))
    if error.ename == "OSError" and error.evalue.startswith(f"[Errno {errno.ENOSPC}]"):
        return _full_disk(f"stage {job.stage}, cell [{error.exec_count}]")
    return _failed(job, error.ename, error.exec_count)


def _failed(job: Job, ename: str, cell: int) -> errors.NotebookFailed:
    name = ename if re.fullmatch(r"[\w ]{1,80}", ename) else "an exception"
    return errors.NotebookFailed(f"{job.notebook.stem} failed: {name}", f"stage {job.stage}, cell [{cell}]", f"see {job.output}")


def _incomplete(job: Job, progress: _Progress) -> errors.NotebookFailed | None:
    """The failures that papermill does not raise: sys.exit(0), and cells that were never run."""
    for cell in progress.nb.cells:
        if cell.cell_type == "code" and cell.metadata.papermill.status != "completed":
            raised = [output.ename for output in cell.outputs if output.output_type == "error"]
            return _failed(job, raised[0] if raised else "a cell did not run", progress.done)
    return _failed(job, "an exception", progress.done) if progress.nb.metadata.papermill.exception else None


def _lost(job: Job, progress: _Progress, how: str) -> errors.KernelLost:
    """Papermill has just marked the cell that took the kernel with it, and all after it, as completed: undo that."""
    what = f"{job.notebook.stem}: the kernel {how}"
    if not progress.nb:
        return errors.KernelLost(what, f"stage {job.stage}, before its first cell", "try `python -m ipykernel_launcher`")
    progress.nb.metadata.papermill.exception = True
    for cell in progress.nb.cells[progress.at :]:
        cell.metadata.papermill.status = "pending"
    progress.nb.cells[progress.at].metadata.papermill.status = "failed"
    return errors.KernelLost(what, f"stage {job.stage}, cell [{min(progress.done + 1, progress.cells)}]", f"see {job.output}")


def _write(nb, output: Path) -> None:
    """Whole or not at all, and without the paths of this machine."""
    import nbformat

    for name in ("input_path", "output_path"):
        nb.metadata.papermill.pop(name, None)
    partial = output.with_name(output.name + ".partial")
    try:
        partial.write_text(nbformat.writes(nb), encoding="utf-8")
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)


def _full_disk(where: str = "") -> errors.NotebookFailed:
    return errors.NotebookFailed("the disk is full", where, "make room and run again")


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _full_disk() from None
