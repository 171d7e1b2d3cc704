"""Pages: closed to scripts and the outside, everything from data escaped, pictures described, machinery left behind."""

import fcntl
import json
import os
import re
import threading
import time
from html.parser import HTMLParser

import nbformat
import pandas as pd
import pytest
from nbformat import v4
from test_runs import TABLES, VERDICT

from segkit import errors, privacy, publish, show
from segkit.publish import pages, summary

PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&</td></title><svg/onload=alert(1)>"
RUN = {
    "run_id": "2025-10-03-abcdef01",
    "study": "small",
    "dataset": "demo",
    "fingerprint": "0123",
    "synthetic": True,
    "as_of": "2025-10-03",
    "when": "as of 2025-10-03",
    "windows": "observed before 2025-10-03; outcome 90 days from there",
    "horizon_days": 90,
    "sensitive": [],
    "sensitive_why": "",
    "seed": 7,
    "versions": "python 3.13.0",
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Page(HTMLParser):
    """What a browser makes of a page: elements with their attributes, and the text."""

    def __init__(self, html: str):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for each, attrs in self.elements if each == tag]


def closed(html: str) -> Page:
    """The page, after making sure that nothing in it runs, fetches, or lacks words."""
    page = Page(html)
    [policy] = [attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:;") and "script" not in policy
    assert not {tag for tag, _ in page.elements} & {"script", "iframe", "object", "embed", "link", "base", "form", "svg"}
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        links = [value or "" for name, value in attrs.items() if name in ("src", "href", "srcset", "action", "poster")]
        assert not [link for link in links if re.match(r"\s*(\w+:)?//|\s*javascript:", link)], (tag, attrs)
    assert not re.search(r"@import|url\(\s*['\"]?\s*(https?:)?//", html)
    for attrs in page.all("img"):
        assert attrs["src"].startswith("data:image/png;base64,") and attrs["alt"].strip() and attrs["alt"] != "None"
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in page.all("a") if attrs.get("href", "").startswith("#")} <= set(ids)
    assert page.all("html")[0]["lang"] == "en" and [attrs["charset"] for attrs in page.all("meta") if "charset" in attrs] == ["utf-8"]
    return page


def code(*outputs, tags=()):
    return v4.new_code_cell("secret_source = 1", outputs=list(outputs), metadata={"tags": list(tags)})


def shown(mime: str, data: str, **metadata):
    return v4.new_output("display_data", data={mime: data, "text/plain": "plain twin"}, metadata=metadata)


@pytest.fixture
def notebook(tmp_path):
    """notebook(cell, "markdown", …) -> the HTML of its page."""

    def make(*cells):
        path = tmp_path / "03_segments.ipynb"
        nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]), path)
        return pages.notebook(path, RUN, ["01_gather", "03_segments"])

    return make


@pytest.fixture
def report(tmp_path):
    """report(question, verdict, kpis="…csv") -> folder of a run with the hand-made tables, some of them replaced."""

    def make(verdict=VERDICT, study="small", run_id=RUN["run_id"], question="What?", **tables):
        folder = tmp_path / "reports" / study / run_id
        (folder / "tables").mkdir(parents=True)
        for name, text in (TABLES | tables).items():
            (folder / "tables" / f"{name}.csv").write_text(text)
        (folder / "verdict.json").write_text(json.dumps(verdict))
        (folder / "manifest.json").write_text(
            json.dumps(
                {
                    "run_id": run_id,
                    "as_of": "none" if "undated" in run_id else run_id[:10],
                    "published_at": "2026-01-01T00:00:00Z",
                    "question": question,
                    "synthetic": False,
                }
            )
        )
        return folder

    return make


def in_csv(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


# --- the page of a notebook


def test_prose_tables_and_figures_reach_the_page(notebook):
    table = show.table(pd.DataFrame({"segment": ["S1"], "value": [0.25]}))
    page = closed(
        notebook(
            "# 3 · Segments & more\n\nWhy *this*?",
            "## How many",
            code(shown("text/html", table)),
            code(shown("image/png", PIXEL, alt="Four segments stand apart.")),
        )
    )
    assert page.all("title") and "3 · Segments & more – small" in page.text and "Why this?" in page.text and "0.25" in page.text
    [image] = page.all("img")
    assert image["alt"] == "Four segments stand apart." and page.text.count("Four segments stand apart.") == 1, "the caption says it, too"
    assert [attrs.get("aria-current") for attrs in page.all("a") if attrs["href"] == "03_segments.html"] == ["page"]


def test_machinery_stays_behind(notebook):
    html = notebook(
        "# Page",
        code(v4.new_output("stream", name="stdout", text="printed C000123")),
        code(v4.new_output("stream", name="stderr", text="warned")),
        code(v4.new_output("execute_result", data={"text/plain": "'repr of a row'"}, execution_count=1)),
        code(v4.new_output("error", ename="ValueError", evalue="Jane Doe", traceback=["Jane Doe in line 3"]), tags=["raises-exception"]),
        code(shown("text/html", "<p>a default</p>"), tags=["parameters"]),
        code(shown("text/html", "<p>a value</p>"), tags=["injected-parameters"]),
        code(shown("text/html", "<p>checked</p>"), tags=["keep_output"]),
        code(shown("application/javascript", "alert(1)")),
        code(shown("image/svg+xml", "<svg/>")),
        code(shown("text/html", "<p>the end</p>")),
    )
    closed(html)
    for left in ("printed", "warned", "repr of", "Jane", "a default", "a value", "checked", "alert", "secret_source", "plain twin"):
        assert left not in html, left
    assert "the end" in html


def test_a_picture_nobody_described_says_so(notebook):
    assert closed(notebook("# Page", code(shown("image/png", PIXEL)))).all("img")[0]["alt"] == "A figure that nobody has described"


def test_every_heading_has_an_anchor_of_its_own(notebook):
    page = closed(
        notebook("# Page", "## Which k, which method?", "## Content", "## Twice & *more*", "## Twice & *more*", "## 顧客", "## Größe")
    )
    linked = [attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#") and attrs["href"] != "#content"]
    assert linked == [attrs["id"] for attrs in page.all("h2")]
    assert linked == ["which-k-which-method", "content-2", "twice-more", "twice-more-2", "section", "gr-e"]
    assert page.text.count("Twice & more") == 4, "as heading and in the table of contents"


def test_a_notebook_without_a_title_is_called_by_its_name(notebook):
    assert "03_segments – small" in closed(notebook("Prose only.")).text


def test_whatever_comes_from_data_is_escaped_in_a_notebook(notebook):
    rows = pd.DataFrame({PAYLOAD: [PAYLOAD], "value": [1.0], "unit": [PAYLOAD]})
    said = [shown("text/html", html) for html in (show.table(rows), show.paragraph(PAYLOAD), show.bullets([PAYLOAD]))]
    page = closed(notebook("# Page", code(*said), code(shown("image/png", PIXEL, alt=PAYLOAD))))
    assert page.all("img")[0]["alt"] == PAYLOAD and len(page.all("img")) == 1
    assert page.text.count("alert(1)") >= 3 * 5, "shown as text: header, cell, paragraph, bullet, caption"


def test_a_datasets_title_is_escaped(notebook):
    from types import SimpleNamespace

    from segkit import prose

    for synthetic in (True, False):
        gathered = SimpleNamespace(dataset=SimpleNamespace(title=PAYLOAD, about=PAYLOAD, synthetic=synthetic))
        assert PAYLOAD in closed(notebook("# Page", code(shown("text/html", prose.dataset(gathered))))).text


# --- the summary of a run


def test_the_summary_says_what_was_found(report):
    page = closed(summary.page(report(), "Who stays?", RUN))
    assert "Who stays?" in page.text and "structure is reproducible" in page.text and "The one claim, stay, is supported." in page.text
    assert "These data are synthetic" in page.text and RUN["run_id"] in page.text
    linked = {attrs["href"] for attrs in page.all("a")}
    assert linked >= {f"tables/{name}.csv" for name in TABLES} | {"verdict.json", "manifest.json", "01_gather.html", "04_kpis.html"}


def test_the_first_step_counts_what_came_in_of_all_inputs(report):
    lines = "orders,0,delivered: one.csv,input,0,1400,100,900,1.00\norders,0,delivered: two.csv,input,0,1016,100,900,1.00\n"
    page = closed(summary.page(report(ledger=TABLES["ledger"].replace("\n", "\n" + lines, 1)), "Who?", RUN))
    assert "2,416 rows of orders came in, 2,391 are used." in page.text


def test_several_claims_are_counted(report):
    claims = [VERDICT["hypotheses"][0], VERDICT["hypotheses"][0] | {"name": "spend", "verdict": "refuted"}]
    assert (
        "Of 2 claims, 1 supported (stay) and 1 refuted (spend)."
        in closed(summary.page(report(VERDICT | {"hypotheses": claims}), "Who?", RUN)).text
    )


EMPTY = {name: TABLES[name].splitlines()[0] + "\n" for name in ("kpis", "explained", "hypotheses", "monthly", "cohorts")}


def test_the_summary_of_a_survey_speaks_of_no_date_and_no_outcome(report):
    survey = {
        "ledger": TABLES["ledger"].replace("orders,", "customers,"),
        "sizes": "segment,n,share\nS1,111,0.58\nS2,80,0.42\n",
        "profiles": "segment,n,share,feature,unit,median,p25,p75,yes,overall,z,marker,n_known\n"
        "S1,111,0.58,yummy,yes/no,,,,0.9,0.6,0.7,+,111\nS2,80,0.42,yummy,yes/no,,,,0.1,0.6,-1.2,--,80\n",
    }
    chosen = VERDICT["segmentation"] | {"as_of": "none", "horizon_days": 0, "cluster_on": ["yummy"]}
    verdict = VERDICT | {"hypotheses": [], "looks": [], "m": 0, "segmentation": chosen, "window": VERDICT["window"] | {"as_of": "none"}}
    undated = RUN | {"as_of": "none", "when": "cross-sectional", "windows": "none, the data are cross-sectional", "horizon_days": 0}
    page = closed(summary.page(report(verdict, **(EMPTY | survey)), "Who likes it?", undated))
    assert "study small · cross-sectional" in page.text and "none, the data are cross-sectional" in page.text
    assert "191 customers, everyone in the data" in page.text and "2,416 rows of customers came in" in page.text
    assert "More often yummy" in page.text and "Less often yummy" in page.text
    assert "The data are of one moment" in page.text and "No outcome window" in page.text and "Nothing was claimed" in page.text
    assert not re.search(r"as of none|before none|from none|after none|cut-off date", page.text)


def test_the_summary_without_an_outcome_window_says_so_once(report):
    folder = report(VERDICT | {"hypotheses": [], "looks": [], "m": 0}, **EMPTY)
    page = closed(summary.page(folder, "Who?", RUN | {"horizon_days": 0}))
    assert page.text.count("There is no outcome window") == 1 and "ordered or used the product before 2025-10-03" in page.text


def test_the_summary_says_which_sensitive_attributes_were_used_and_why(report):
    page = closed(summary.page(report(), "Who?", RUN | {"sensitive": ["age", "gender"], "sensitive_why": f"the law asks for it {PAYLOAD}"}))
    assert f"what the dataset calls sensitive: age and gender. Reason given: the law asks for it {PAYLOAD}" in page.text
    assert "sensitive" not in closed(summary.page(report(study="plain"), "Who?", RUN)).text


def test_a_payload_anywhere_in_a_run_is_text(report):
    verdict = VERDICT | {
        "hypotheses": [VERDICT["hypotheses"][0] | {"name": PAYLOAD, "reason": PAYLOAD, "baseline": PAYLOAD}],
        "lock": PAYLOAD,
        "segmentation": VERDICT["segmentation"] | {"cluster_on": [PAYLOAD]},
    }
    evil = in_csv(PAYLOAD)
    folder = report(
        verdict,
        **{name: TABLES[name].replace("S1,", f"{evil},") for name in ("sizes", "profiles", "kpis", "stability")},
        ledger=TABLES["ledger"].replace("return", evil),
    )
    (folder / "tables" / "profiles.csv").write_text((folder / "tables" / "profiles.csv").read_text().replace("spend", evil))
    page = closed(
        summary.page(folder, PAYLOAD, RUN | {name: PAYLOAD for name in ("study", "dataset", "fingerprint", "versions", "run_id", "as_of")})
    )
    assert PAYLOAD in page.text and page.all("img") == []


# --- the page over all studies


def test_the_index_lists_every_study_and_run(report, tmp_path):
    report()
    newer = report(run_id="2025-11-03-abcdef02", question="Which is newest?")
    report(study="other", run_id="2024-01-01-abcdef03", question="And this?")
    (newer.parent / "latest").symlink_to(newer.name)
    (tmp_path / "reports" / "other" / "FAILED.html").touch()
    for name in ("draft-only", ".hidden"):
        (tmp_path / "reports" / name).mkdir()
    partial = tmp_path / "reports" / "small" / ".partial-abcd"
    partial.mkdir()
    (partial / "manifest.json").write_text("half")
    path = publish.write_index(tmp_path / "reports")
    page = closed(path.read_text())
    assert path == tmp_path / "reports" / "index.html" and "2 studies, 3 runs." in page.text
    links = [attrs["href"] for attrs in page.all("a") if not attrs["href"].startswith("#")]
    assert links == [
        "other/latest/index.html",
        "other/FAILED.html",
        "other/2024-01-01-abcdef03/index.html",
        "small/latest/index.html",
        "small/2025-11-03-abcdef02/index.html",
        "small/2025-10-03-abcdef01/index.html",
    ]
    assert "Which is newest?" in page.text and "2025-11-03-abcdef02 (latest)" in page.text and "What?" not in page.text
    assert "draft-only" not in page.text and sorted(os.listdir(tmp_path / "reports")) == [
        ".hidden",
        "draft-only",
        "index.html",
        "other",
        "small",
    ]


def test_the_index_works_without_any_run(tmp_path):
    assert "0 studies, 0 runs." in closed(publish.write_index(tmp_path).read_text()).text


def test_a_question_in_the_index_is_text(report, tmp_path):
    report(question=PAYLOAD)
    assert PAYLOAD in closed(publish.write_index(tmp_path / "reports").read_text()).text


def test_a_run_that_is_being_replaced_does_not_stop_the_index_of_others(report, tmp_path):
    (report(study="forced") / "verdict.json").unlink()
    report()
    assert "1 study, 1 run." in publish.write_index(tmp_path / "reports").read_text()


def test_the_index_has_one_writer_at_a_time(report, tmp_path):
    """Else the list of whoever looked first could be written last, and a report be missing from it."""
    report()
    other = os.open(tmp_path / "reports", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    writer = threading.Thread(target=publish.write_index, args=[tmp_path / "reports"])
    writer.start()
    time.sleep(0.2)
    report(study="meanwhile")
    assert not (tmp_path / "reports" / "index.html").exists()
    os.close(other)
    writer.join(timeout=10)
    assert "2 studies, 2 runs." in (tmp_path / "reports" / "index.html").read_text()


def test_the_page_of_a_failure_holds_three_facts(tmp_path):
    publish.write_failed(tmp_path, "small", "kpis", "04_kpis failed: <ValueError>", 1)
    page = closed((tmp_path / "FAILED.html").read_text())
    assert len(page.all("dd")) == 3 and "04_kpis failed: <ValueError>" in page.text and os.listdir(tmp_path) == ["FAILED.html"]


def test_the_index_lists_a_run_without_dates_as_cross_sectional(report, tmp_path):
    report(run_id="undated-abcdef05")
    html = publish.write_index(tmp_path / "reports").read_text()
    closed(html)
    assert ">cross-sectional</a>" in html and ">none<" not in html


# --- the search before anything is published


@pytest.fixture
def pages_with(tmp_path, monkeypatch):
    """pages_with(text) -> folder of a report with an ordinary table and a page that says so."""
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.setenv("SEGKIT_KEY", "a key of a workbench for tests")

    def make(text: str):
        folder = tmp_path / "partial"
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        (folder / "tables" / "sizes.csv").write_text("segment,n\nS1,12346\nS2,17850\n")
        (folder / "03_segments.html").write_text(f"<html><body>{text}</body></html>")
        return folder

    return make


@pytest.mark.parametrize(
    "text",
    [
        "<p>C000123</p>",
        '<img src="x" alt="spend of C000123">',
        "<p>p0123456789abcdef0123</p>",
        "<td>p0123456789ab…</td>",
        "<p>Ask Oyelaran &amp; Sons about it</p>",
        "<p>oyelaran<b>@</b>example.com</p>",
    ],
)
def test_a_leak_is_refused_without_saying_who(pages_with, text):
    values = [("p1", "name", "Oyelaran & Sons"), ("p1", "email", "oyelaran@example.com")]
    folder = pages_with(text)
    digests = privacy.Digests.of(privacy.digests_of(values))
    with pytest.raises(errors.Leak) as caught:
        publish.refuse_leaks(folder, {"C000123", "12346", "17850", "p0123456789abcdef0123"}, digests)
    said = str(caught.value)
    assert caught.value.exit_code == 6 and "03_segments.html (1)" in said and "sizes.csv" not in said and "nothing was published" in said
    assert not [word for word in ("C000123", "p0123", "Oyelaran", "oyelaran", "example.com") if word in said]


def test_a_report_that_names_nobody_passes(pages_with):
    folder = pages_with(show.table(pd.DataFrame({"segment": ["S1", "S2"], "n": [12346, 17850], "value": [12346.5, 0.1785]})))
    digests = privacy.Digests.of(privacy.digests_of([("p1", "name", "Ward"), ("p1", "phone", "020 7946 0958")]))
    publish.refuse_leaks(folder, {"C000123", "12346", "17850"}, digests)
