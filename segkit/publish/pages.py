"""Executed notebooks as pages: our own template, nothing fetched, no script, every picture with its text."""

import re
from functools import cache
from html import unescape
from itertools import chain, count
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
LABELS = {"01_gather": "1 Gather", "02_behavior": "2 Behavior", "03_segments": "3 Segments", "04_kpis": "4 KPIs"}


@cache
def environment():
    """The Jinja environment of every page; whatever is put into a page is escaped unless it was made by `segkit.show`."""
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values) -> str:
    """One page."""
    return environment().get_template(template).render(**values)


def notebook(executed: Path, run: dict, pages: list[str], template: str = "notebook.html.j2") -> str:
    """The page of one executed notebook. `run`: what the header and the foot say of the run (see `segkit.manifest.shown`)."""
    from markupsafe import Markup

    body, toc = anchored(body_of(executed))
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.S)
    title = unescape(re.sub("<[^>]+>", "", heading[1])).strip() if heading else executed.stem
    return render(
        template,
        title=f"{title} – {run['study']}",
        body=Markup(body),
        toc=toc,
        run=run,
        page=executed.stem,
        pages=[(name, LABELS.get(name, name)) for name in pages],
    )


def body_of(executed: Path) -> str:
    """Prose, tables and figures of an executed notebook; its parameters and checked cells are for machines and stay behind."""
    import nbformat
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    config = Config({"TagRemovePreprocessor": {"enabled": True, "remove_cell_tags": {"parameters", "injected-parameters", "keep_output"}}})
    exporter = HTMLExporter(
        config=config,
        template_name="segkit",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exporter.register_preprocessor("nbconvert.preprocessors.TagRemovePreprocessor", enabled=True)
    return exporter.from_notebook_node(without_silence(nbformat.read(executed, as_version=4)))[0]


def without_silence(notebook):
    """The notebook without its optional sections and subsections (the tag of their headings) in which no cell has anything to say: their data
    are not there."""
    for marks in ("###", "##"):
        kept = [part for part in sections(notebook.cells, marks) if not (is_silent(part) and part[0].source.startswith(f"{marks} "))]
        notebook.cells = [cell for part in kept for cell in part]
    return notebook


def sections(cells: list, marks: str) -> list[list]:
    """Cells in runs, each of which begins with a heading of that level or above."""
    parts = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(rf"#{{2,{len(marks)}}} ", cell.source):
            parts.append([])
        parts[-1].append(cell)
    return parts


def is_silent(section: list) -> bool:
    """Whether a section may be left out, and shows nothing."""
    outputs = [out for each in section if "keep_output" not in each.metadata.get("tags", []) for out in each.get("outputs", [])]
    says = {"display_data", "execute_result"} & {out.output_type for out in outputs}
    return bool(section) and "optional" in section[0].metadata.get("tags", []) and not says


def anchored(body: str) -> tuple[str, list[tuple[str, str]]]:
    """Give every second-level heading an anchor; returns the body and the table of contents."""
    toc = []

    def anchor(found: re.Match) -> str:
        heading = unescape(re.sub("<[^>]+>", "", found[1])).strip()
        name = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or "section"
        taken = {"content", *(before for before, _ in toc)}
        free = chain([name], (f"{name}-{number}" for number in count(2)))
        toc.append((next(each for each in free if each not in taken), heading))
        return f'<h2 id="{toc[-1][0]}">{found[1]}</h2>'

    return re.sub(r"<h2[^>]*>(.*?)</h2>", anchor, body, flags=re.S), toc
