"""What gathering costs: a real shop from csv.gz, beside plain pandas; fifty million order lines within four gigabytes; a first look at files."""

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


def claim(name: str, value: float, unit: str, target: float | None) -> dict:
    """One line of the benchmark; a target is an upper bound."""
    return {"name": name, "value": round(value, 2), "unit": unit, "target": target, "holds": target is None or value <= target}


def shop(folder: Path, env: dict[str, str]) -> list[dict]:
    """Online Retail: gathered, cleaned by plain pandas in the same run, drafted and checked by the command."""
    file, cli = REAL_DATA / "online_retail" / "online_retail.csv.gz", [sys.executable, "-m", "segkit.cli"]
    ours, _ = measured([sys.executable, "-c", GATHER, "online_retail"], env, folder)
    pandas, _ = measured([sys.executable, "-c", PANDAS, str(file), str(folder / "kept.parquet")], env, folder)
    new, _ = measured([*cli, "new", "shop", str(file)], env, folder)
    check, _ = measured([*cli, "check", "shop"], env, folder)
    return [
        claim("gather Online Retail, 541,909 lines", ours, "s", 10),
        claim("gather Online Retail over plain pandas, the same cleaning", ours / pandas, "ratio", None),
        claim("segkit new on 541,909 lines", new, "s", 10),
        claim("segkit check on 541,909 lines", check, "s", 15),
    ]


def rows() -> list[dict]:
    """Seconds and ratios for the real shop; memory and seconds for the big one."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        env = new_home(folder) | {"SEGKIT_DATA": str(REAL_DATA), "SEGKIT_KEY": "the key of the benchmarks"}
        found = shop(folder, env) if REAL_DATA.is_dir() else []
        (folder / "data" / "datasets" / "big.yaml").write_text(BIG)
        big_file(folder / "data" / "raw" / "big" / "orders.parquet", LINES)
        seconds, memory = measured([sys.executable, "-c", GATHER, "big"], env | {"SEGKIT_MEMORY": "2500MB"}, folder)
    return [
        *found,
        claim("gather 50 million order lines, resident memory", memory, "GB", 4),
        claim("gather 50 million order lines", seconds, "s", None),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
