"""`segkit …`: a thin skin over functions. Messages go to stderr, results to stdout, the exit code says how it went."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from segkit import errors

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Customer segments: are they real, do they matter, can they be used, do they last?",
)


@contextmanager
def told() -> Iterator[None]:
    """Turn our errors into a message and an exit code; a traceback is for our own mistakes only."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("segkit").setLevel(logging.INFO)
    try:
        yield
    except errors.SegkitError as error:
        typer.echo(f"segkit: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except OSError as error:  # the disk is full, a folder may not be written: no mistake of ours
        where = f"\n  {error.filename}" if error.filename else ""
        typer.echo(f"segkit: {error.strerror or type(error).__name__}{where}", err=True)
        raise typer.Exit(errors.SegkitError.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("segkit: interrupted", err=True)
        raise typer.Exit(errors.Interrupted.exit_code) from None


def values_of(given: list[str]) -> dict[str, Any]:
    """`-p name=value`, the value read as YAML."""
    import yaml

    found = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise errors.BadInput(f"-p {each!r} is no parameter", "it needs name=value, such as -p k_max=10")
        try:
            found[name] = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError):  # ValueError: the 45th of a month
            raise errors.BadInput(f"-p {each!r}: the value is not YAML") from None
    return found


def age(text: str) -> timedelta:
    """`365d`: an age in days."""
    if not re.fullmatch(r"\d{1,6}d", text, re.ASCII):
        raise errors.BadInput(f"--older-than {text!r} is no age", "it needs a number of days and the letter d, such as 365d")
    return timedelta(days=int(text[:-1]))


class Bar:
    """A progress bar per notebook, on a terminal only."""

    def __init__(self):
        self.stage, self.bar = "", None

    def __call__(self, job, done: int, cells: int) -> None:
        from tqdm import tqdm

        if job.stage != self.stage:
            self.close()
            self.stage, self.bar = job.stage, tqdm(total=cells, desc=job.stage, unit="cell", leave=False, file=sys.stderr)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


@contextmanager
def progress() -> Iterator[Bar | None]:
    """A progress bar where somebody is looking, closed at the end."""
    bar = Bar() if sys.stderr.isatty() else None
    try:
        yield bar
    finally:
        if bar:
            bar.close()


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="a study's YAML file, or its name")],
    parameter: Annotated[
        list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="replace a key of the study; the value is YAML")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="root of data/ and reports/ (default: the workbench)")] = None,
    force: Annotated[bool, typer.Option(help="run again what is already there")] = False,
    wait: Annotated[float, typer.Option(help="seconds to wait for another run of the same study")] = 0.0,
) -> None:
    """Run a study and publish its report; prints the path of its index.html."""
    with told():
        from segkit import runs

        with progress() as bar:
            typer.echo(runs.run(study, values_of(parameter or []), out, force, wait, bar))


@app.command()
def multiverse(
    study: Annotated[str, typer.Argument(help="a study's YAML file, or its name; its last published run is explored")],
    outcomes: Annotated[
        bool, typer.Option(help="test its claims, too; each test counts among those made on the outcome window, for good")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="root of data/ and reports/ (default: the workbench)")] = None,
    force: Annotated[bool, typer.Option(help="make again what is already there")] = False,
    wait: Annotated[float, typer.Option(help="seconds to wait for a run that is under way")] = 0.0,
) -> None:
    """Would another analyst have found the same segments? Crosses other defensible choices; prints the path of the page."""
    with told():
        from segkit import explorations

        with progress() as bar:
            typer.echo(explorations.explore(study, outcomes, out, force, wait, bar))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="what the dataset is to be called")],
    files: Annotated[list[str], typer.Argument(help="CSV, Excel, Parquet, JSON lines, SQLite or DuckDB below data/raw or SEGKIT_DATA")],
) -> None:
    """Look into files and write a first dataset file, with questions in it; prints its path."""
    with told():
        from segkit.sources import authoring

        path = authoring.new(name, files)
        asked = authoring.questions(path)
        typer.echo(f"{asked} question{'s' * (asked != 1)} in it begin with `# ?`; then: segkit check {name}", err=True)
        typer.echo(path)


@app.command()
def check(dataset: Annotated[str, typer.Argument(help="a dataset's name")]) -> None:
    """Gather a dataset and print its ledger, its quality and what more data would add."""
    with told():
        from segkit.sources import authoring

        typer.echo(authoring.account(dataset))


@app.command()
def forget(
    customer_id: Annotated[str, typer.Argument(help="the id as the dataset's own files write it; after -- when it begins with -")],
    dataset: Annotated[str, typer.Option(help="which dataset's customer, where more than one knows the id")] = "",
    wait: Annotated[float, typer.Option(help="seconds to wait for a run that is under way")] = 0.0,
) -> None:
    """Take one person out of all data, and keep them out of what is gathered later; prints what was done. Asks nothing."""
    with told():
        from segkit import erase

        typer.echo(erase.forget(customer_id, dataset, wait))


@app.command()
def purge(
    older_than: Annotated[str, typer.Option(metavar="DAYS", help="an age such as 365d")],
    wait: Annotated[float, typer.Option(help="seconds to wait for a run that is under way")] = 0.0,
) -> None:
    """Remove gathered tables and runs that are older than that; reports stay; prints what was done. Asks nothing."""
    with told():
        from segkit import erase

        typer.echo(erase.purge(age(older_than), wait))


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=200, help="how many customers")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="same seed, same bytes")] = 7,
) -> None:
    """Make the synthetic demo data: data/raw/demo, and the truth behind it apart in data/truth."""
    with told():
        from segkit import demo as maker
        from segkit import home

        folder = home.private(home.root() / "data" / "raw" / "demo")
        maker.write(folder, home.private(home.root() / "data" / "truth") / "demo.csv", customers, seed)
        typer.echo(folder)


@app.command()
def features() -> None:
    """List every feature a study can cluster on, with unit and meaning."""
    with told():
        from segkit import features as known

        for row in known.glossary().itertuples():
            typer.echo(f"{row.feature:24} {row.unit:10} {row.table:10} {row.meaning}")


@app.command("list")
def runs_of() -> None:
    """List the published runs of every study."""
    with told():
        from segkit import home
        from segkit.publish.summary import study_of

        reports = home.out() / "reports"
        for folder in sorted(path for path in reports.glob("*") if path.is_dir()):
            for each in study_of(folder)["runs"]:
                typer.echo(
                    f"{folder.name}\t{each['run_id']}\t{each['structure']}\t{each['claims']}{chr(9) + 'latest' if each['is_latest'] else ''}"
                )


def main() -> None:
    """Entry point."""
    import signal

    def stop(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    app()


if __name__ == "__main__":
    main()
