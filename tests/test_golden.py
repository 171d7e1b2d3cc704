"""The demo study end to end, as a scheduler runs it: what it finds, that it finds it again to the byte, and what it lets out."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from conftest import PROJECT, REAL_DATA

GOLDEN = json.loads((Path(__file__).parent / "golden" / "demo.json").read_text())


def segkit(home: Path, *words: str, prefix: tuple[str, ...] = (), **env: str) -> subprocess.CompletedProcess:
    given = {**os.environ, "SEGKIT_HOME": str(home), "PYTHONPATH": str(PROJECT), **env}
    return subprocess.run([*prefix, sys.executable, "-m", "segkit.cli", *words], env=given, capture_output=True, text=True, timeout=400)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A new user's folder in which the demo was made and run."""
    folder = tmp_path_factory.mktemp("golden")
    for name in ("notebooks", "data/datasets"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(PROJECT / "environment.yml", folder)
    assert segkit(folder, "demo").returncode == 0
    done = segkit(folder, "run", "demo")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str((folder / "reports" / "demo" / "latest").resolve() / "index.html")
    assert [line.split(" done in")[0] for line in done.stderr.splitlines()] == [
        "demo: gather",
        "demo: behavior",
        "demo: segments",
        "demo: kpis",
    ]
    return folder


@pytest.fixture(scope="module")
def report(home) -> Path:
    return (home / "reports" / "demo" / "latest").resolve()


@pytest.fixture(scope="module")
def verdict(report) -> dict:
    return json.loads((report / "verdict.json").read_text())


def test_the_planted_segments_are_found_again(home, verdict):
    from sklearn.metrics import adjusted_rand_score

    truth = pd.read_csv(home / "data" / "truth" / "demo.csv", index_col="customer_id").segment
    found = pd.read_parquet(home / "data" / "runs" / "demo" / verdict["run"] / "assignments.parquet").set_index("customer_id").segment
    (known,) = (home / "data" / "gathered" / "demo").glob("*/pseudonyms.parquet")
    found.index = found.index.map(pd.read_parquet(known).set_index("pseudonym").customer_id)
    planted = truth[(truth != "none") & found.reindex(truth.index).notna()]
    assert len(planted) > 4000
    assert adjusted_rand_score(planted, found.loc[planted.index]) >= 0.8


def test_true_hypotheses_are_supported_and_the_false_one_is_not(verdict):
    said = {row["name"]: row["verdict"] for row in verdict["hypotheses"]}
    assert said == {"heavy-users-stay": "supported", "better-than-rfm": "supported", "baskets-differ": "refuted"}
    assert verdict["m"] == 3 and len(verdict["looks"]) == 1


def test_the_findings_are_the_golden_ones(report, verdict):
    assert verdict["structure"]["verdict"] == GOLDEN["structure"]["verdict"] and verdict["structure"]["k"] == GOLDEN["structure"]["k"]
    assert verdict["structure"]["t1"] == pytest.approx(GOLDEN["structure"]["t1"], rel=1e-3)
    assert {key: verdict["segmentation"][key] for key in ("method", "k")} == {key: GOLDEN[key] for key in ("method", "k")}
    assert verdict["segmentation"]["sizes"] == pytest.approx(GOLDEN["sizes"], abs=10)
    ledger = pd.read_csv(report / "tables" / "ledger.csv").set_index(["table", "rule"])
    assert {" / ".join(key): int(rows) for key, rows in ledger.rows_left.items()} == GOLDEN["ledger"]
    kpis = pd.read_csv(report / "tables" / "kpis.csv").set_index(["segment", "kpi"]).value
    assert {f"{segment} {kpi}": kpis[segment, kpi] for segment, kpi in kpis.index if segment == "all"} == pytest.approx(
        GOLDEN["kpis"], rel=1e-6
    )


def test_every_promised_table_and_page_is_there(home, report, verdict):
    promised = {"ledger.csv", "quality.csv", "scores.csv", "stability.csv", "profiles.csv", "kpis.csv", "hypotheses.csv"}
    assert promised <= {path.name for path in (report / "tables").iterdir()}
    assert {path.name for path in report.glob("*.html")} == {
        "index.html",
        "01_gather.html",
        "02_behavior.html",
        "03_segments.html",
        "04_kpis.html",
    }
    assignments = pd.read_parquet(home / "data" / "runs" / "demo" / verdict["run"] / "assignments.parquet")
    assert list(assignments.columns) == ["customer_id", "segment", "probability"]
    assert assignments.segment.isna().sum() > 100, "customers never active stay, without a segment"
    assert (home / "reports" / "index.html").is_file()


class Page(HTMLParser):
    """What a page loads, runs and shows as pictures."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.pictures, self.loads = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        if tag == "img":
            self.pictures.append(attrs)
        fetching = ("src", "srcset", "data", "poster", "background", "action", *(["href"] if tag == "link" else []))
        self.loads += [value for name, value in attrs.items() if name in fetching]
        self.loads += [name for name in attrs if name.startswith("on")]


def test_pages_run_nothing_load_nothing_and_say_what_pictures_show(home):
    pages = [*(home / "reports").rglob("*.html")]
    pictures = 0
    for path in pages:
        text = path.read_text()
        page = Page(text)
        assert "script" not in page.tags and "Content-Security-Policy" in text
        assert all(load.startswith("data:image/png;base64,") for load in page.loads), path.name
        assert not re.search(r"url\(|@import|https?://[^\s<]+\.(js|css|woff2?|png)", text)
        for picture in page.pictures:
            assert len(picture["alt"]) > 20
            assert base64.b64decode(picture["src"].split(",", 1)[1]).startswith(b"\x89PNG")
        pictures += len(page.pictures)
    assert pictures >= 13
    assert "synthetic" in (home / "reports" / "demo" / "latest" / "index.html").read_text()


def asked_for(browser: str, page: Path, place: Path) -> set[str]:
    """What a page makes the browser ask for, by its network log; the browser's own calls home are left out."""
    quiet = (
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    )
    log, picture = place / f"{page.stem}.json", place / f"{page.stem}.png"
    words = [
        browser,
        "--headless",
        "--no-sandbox",
        *quiet,
        f"--user-data-dir={place / page.stem}",
        f"--log-net-log={log}",
        f"--screenshot={picture}",
    ]
    subprocess.run([*words, page.as_uri()], check=True, capture_output=True, timeout=120)
    assert picture.stat().st_size > 1_000, "the page was drawn"
    urls = set(re.findall(r'"url":"((?:https?|wss?|ftp)://[^"]{0,80})', log.read_text()))
    return {url for url in urls if not re.match(r"https?://([a-z0-9]+\.)*google(apis)?\.com/", url)}


def test_a_browser_asks_for_nothing_over_the_network(report, tmp_path):
    browser = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine; the pages were parsed instead")
    control = tmp_path / "control.html"
    control.write_text('<img src="http://127.0.0.1:9/seen.png">a page that does ask')
    assert asked_for(browser, control, tmp_path) == {"http://127.0.0.1:9/seen.png"}, "the log sees what a page asks for"
    for page in sorted(report.glob("*.html")):
        assert not asked_for(browser, page, tmp_path), page.name


def test_the_privacy_wall_holds(home, report):
    """No id, no column of persons, no cell below five customers, no minimum or maximum, under reports/."""
    ids = set(pd.read_csv(home / "data" / "raw" / "demo" / "customers.csv").customer_id)
    for path in (home / "reports").rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix in (".html", ".csv", ".json", ".jsonl"):
            text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", path.read_text())
            assert not set(re.findall(r"C\d{6}", text)) & ids, path.name
            assert not re.search(r"\bp[0-9a-f]{20}\b", text), path.name
    for path in (report / "tables").glob("*.csv"):
        table = pd.read_csv(path)
        assert not {"customer_id", "min", "max"} & set(table.columns), path.name
        for count in {"n", "n_known", "events"} & set(table.columns):
            assert not ((table[count] > 0) & (table[count] < 5)).any(), f"{path.name}: {count}"
    assert not [path for path in (home / "reports").rglob("*") if path.suffix in (".parquet", ".ipynb")]
    for name in ("raw", "gathered", "runs", "truth"):
        assert (home / "data" / name).stat().st_mode & 0o077 == 0, f"data/{name} is for its owner alone"


def test_the_same_study_again_on_one_thread_gives_the_same_bytes(home, report, verdict):
    private = home / "data" / "runs" / "demo" / verdict["run"]
    watched = {
        path: path.read_bytes() for path in (*(report / "tables").glob("*.csv"), *private.glob("*.parquet"), private / "solution.json")
    }
    gathered = {path: path.read_bytes() for path in (home / "data" / "gathered").rglob("*.parquet")}
    shutil.rmtree(home / "data" / "gathered")
    one_core = ("taskset", "-c", "0") if shutil.which("taskset") else ()
    done = segkit(
        home,
        "run",
        "demo",
        "--force",
        prefix=one_core,
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        LOKY_MAX_CPU_COUNT="1",
        PYTHONHASHSEED="1",
    )
    assert done.returncode == 0, done.stderr
    assert (home / "reports" / "demo" / "latest").resolve() == report, "the same run_id"
    assert len(watched) >= 15 and len(gathered) >= 7
    for path, content in {**watched, **gathered}.items():
        assert path.read_bytes() == content, path.name


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real data are not beside the project")
def test_the_real_shop_gives_its_ledger_to_the_penny_and_no_anecdote(home):
    done = segkit(home, "run", str(home / "notebooks" / "studies" / "online_retail.yaml"), SEGKIT_DATA=str(REAL_DATA))
    assert done.returncode == 0, done.stderr
    folder = (home / "reports" / "online_retail" / "latest").resolve()
    ledger = pd.read_csv(folder / "tables" / "ledger.csv", dtype=str)
    lines = ledger[["rule", "rows", "rows_left", "customers_left", "orders_left", "amount_left"]].to_numpy().tolist()
    assert lines == [
        ["as delivered", "0", "541909", "4372", "25900", "9747747.93"],
        ["no customer", "135080", "406829", "4372", "22190", "8300065.81"],
        ["cancelled invoice", "8905", "397924", "4339", "18536", "8911407.90"],
        ["quantity not positive", "0", "397924", "4339", "18536", "8911407.90"],
        ["price not positive", "40", "397884", "4338", "18532", "8911407.90"],
        ["identical line", "5192", "392692", "4338", "18532", "8887208.89"],
    ]
    sizes = json.loads((folder / "verdict.json").read_text())["segmentation"]["sizes"]
    assert min(sizes.values()) >= max(30, sum(sizes.values()) / 100)
