"""What gathering costs: a real shop from csv.gz, beside plain pandas; fifty million order lines within four gigabytes; a first look at files."""

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.runtime import PROJECT, measured, new_home

REAL_DATA = PROJECT.parent / "shared" / "data"
LINES = 50_000_000
BIG = """dataset: big
title: Fifty million order lines
timezone: Europe/London
currency: GBP
tables:
  orders:
    file: big/orders.parquet
    columns: {customer_id: customer, ordered_at: at, order_id: number, product_id: product, quantity: pieces, amount: total}
    rules:
      - {name: no customer, when: missing(customer_id)}
      - {name: quantity not positive, when: quantity <= 0}
"""
PANDAS = """
import sys, pandas as pd
rows = pd.read_csv(sys.argv[1], dtype=str)
rows["Quantity"], rows["UnitPrice"] = rows.Quantity.astype(int), rows.UnitPrice.astype(float)
rows["InvoiceDate"] = pd.to_datetime(rows.InvoiceDate)
rows["amount"] = rows.Quantity * rows.UnitPrice
kept = rows[rows.CustomerID.notna() & ~rows.InvoiceNo.str.startswith("C") & (rows.Quantity > 0) & (rows.UnitPrice > 0)]
assert len(kept) == 397_884
kept.sort_values(list(kept.columns)).to_parquet(sys.argv[2])
"""
GATHER = "import sys; from segkit import sources; sources.gather(sys.argv[1])"


def big_file(path: Path, lines: int) -> None:
    """Order lines of a million customers, three to an order, in no order at all."""
    import duckdb

    path.parent.mkdir(parents=True)
    duckdb.connect(config={"memory_limit": "4GB"}).execute(
        f"""COPY (SELECT if(hash(i) % 100 = 0, NULL, 'C' || (hash(i // 3) % 1000000)) AS customer, 'N' || (i // 3) AS number,
        'P' || (hash(i + 1) % 20000) AS product, TIMESTAMP '2023-01-01' + INTERVAL (hash(i // 3) % 1000 * 86400 + hash(i // 3 + 7) % 86400) SECOND AS at,
        (hash(i + 2) % 12)::INT AS pieces, ((hash(i + 3) % 10000) / 100)::DECIMAL(18, 2) AS total
        FROM range({lines}) lines(i)) TO '{path}' (FORMAT parquet)"""
    )


def rows() -> list[dict]:
    """Seconds for Online Retail and their ratio to plain pandas; memory and seconds for the big one; seconds of `new` and `check`."""
    found = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        env = new_home(folder) | {"SEGKIT_DATA": str(REAL_DATA), "SEGKIT_KEY": "the key of the benchmarks"}
        if REAL_DATA.is_dir():
            shop = REAL_DATA / "online_retail" / "online_retail.csv.gz"
            ours, _ = measured([sys.executable, "-c", GATHER, "online_retail"], env, folder)
            pandas, _ = measured([sys.executable, "-c", PANDAS, str(shop), str(folder / "kept.parquet")], env, folder)
            new, _ = measured([sys.executable, "-m", "segkit.cli", "new", "shop", str(shop)], env, folder)
            found = [
                {"name": "gather Online Retail, 541,909 lines", "value": round(ours, 1), "unit": "s", "target": 10, "holds": ours <= 10},
                {
                    "name": "plain pandas over ours, the same cleaning",
                    "value": round(pandas / ours, 2),
                    "unit": "ratio",
                    "target": None,
                    "holds": True,
                },
                {"name": "segkit new on 541,909 lines", "value": round(new, 1), "unit": "s", "target": 10, "holds": new <= 10},
            ]
        (folder / "data" / "datasets" / "big.yaml").write_text(BIG)
        big_file(folder / "data" / "raw" / "big" / "orders.parquet", LINES)
        seconds, memory = measured([sys.executable, "-c", GATHER, "big"], env | {"SEGKIT_MEMORY": "2500MB"}, folder)
        shutil.rmtree(folder / "data")
    return found + [
        {
            "name": "gather 50 million order lines, resident memory",
            "value": round(memory, 2),
            "unit": "GB",
            "target": 4,
            "holds": memory <= 4,
        },
        {"name": "gather 50 million order lines", "value": round(seconds, 1), "unit": "s", "target": None, "holds": True},
    ]


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
