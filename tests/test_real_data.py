"""Every folder of real data, through the dataset file that is committed for it, against what pandas says of the same file."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from segkit import sources

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def gather(tmp_path_factory, real_data):
    """Gather a shipped dataset from the real data, into a home of its own."""
    home = tmp_path_factory.mktemp("real")
    (home / "notebooks").mkdir()
    (home / "environment.yml").touch()
    shutil.copytree(PROJECT / "data" / "datasets", home / "data" / "datasets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGKIT_HOME", str(home))
        patch.setenv("SEGKIT_DATA", str(real_data))
        patch.delenv("SEGKIT_OUT", raising=False)
        yield sources.gather


def ledger(found, table: str) -> dict[str, tuple[int, int]]:
    lines = found.ledger[found.ledger.table == table]
    return dict(zip(lines.rule, zip(lines["rows"], lines.rows_left)))


def test_every_folder_of_real_data_has_its_dataset_file(real_data):
    said = "".join(path.read_text() for path in (PROJECT / "data" / "datasets").glob("*.yaml"))
    assert [folder.name for folder in real_data.iterdir() if folder.is_dir() and f"{folder.name}/" not in said] == []


def test_two_sheets_that_overlap_count_what_is_in_both_once(gather, real_data):
    found = gather("online_retail_ii")
    sheets = pd.read_excel(real_data / "online_retail_II_excerpt" / "online_retail_II.xlsx", sheet_name=None, engine="calamine", dtype=str)
    first, second = sheets.values()
    both = set(first.Invoice) & set(second.Invoice)
    seen = ledger(found, "orders")
    assert len(both) == 23 and seen["also in an earlier input"] == (second.Invoice.isin(both).sum(), 34_766 - 441) == (441, 34_325)
    assert seen["delivered: online_retail_II.xlsx · Year 2009-2010"] == (0, 14_269)
    assert seen["delivered: online_retail_II.xlsx · Year 2010-2011"] == (0, 20_497)
    union = pd.concat([first, second[~second.Invoice.isin(both)]])
    kept = union[
        union["Customer ID"].notna()
        & ~union.Invoice.str.startswith("C")
        & (union.Quantity.astype(int) > 0)
        & (union.Price.astype(float) > 0)
    ]
    orders = found.tables["orders"].execute()
    assert len(orders) == len(kept) and orders.customer_id.nunique() == kept["Customer ID"].nunique()
    assert float(orders.amount.sum()) == pytest.approx((kept.Quantity.astype(int) * kept.Price.astype(float)).sum(), abs=0.01)


def test_users_and_logins_with_two_kinds_of_moments(gather, real_data):
    found = gather("relax_saas")
    users = pd.read_csv(real_data / "relax_saas" / "users.csv")
    customers, events = found.tables["customers"].execute(), found.tables["events"].execute()
    assert len(customers) == 12_000 and len(events) == 207_917 and events.customer_id.nunique() == 8_823
    declared = pd.to_datetime(users.creation_time, format="%d-%m-%Y %H:%M")
    assert sorted(customers.signed_up_at) == sorted(declared.astype(customers.signed_up_at.dtype))
    assert customers.last_session_on.isna().sum() == 3_177
    days = pd.to_datetime(users.last_session_creation_time, unit="s").dt.date
    assert sorted(customers.last_session_on.dropna().astype(str)) == sorted(days.dropna().astype(str))
    assert str(events.occurred_at.min())[:10] == "2012-05-31" and str(events.occurred_at.max())[:10] == "2014-06-06"


def test_an_experiment_without_ids_keeps_identical_people_apart(gather, real_data):
    found = gather("hillstrom")
    contacts, customers = found.tables["contacts"].execute(), found.tables["customers"].execute()
    assert len(contacts) == len(customers) == 64_000 == contacts.customer_id.nunique()
    assert contacts.campaign_id.value_counts().to_dict() == {"Mens E-Mail": 21_307, "Womens E-Mail": 21_387, "No E-Mail": 21_306}
    assert contacts.is_control.sum() == 21_306 and contacts.clicked.sum() == 9_394 and contacts.converted.sum() == 578
    assert set(customers.area) == {"Suburban", "Rural", "Urban"}
    raw = pd.read_csv(real_data / "hillstrom" / "hillstrom.csv.gz")
    both = customers.merge(contacts, on="customer_id")
    ours = both.groupby(["months_since_order", "campaign_id"]).agg(
        spent=("spent_last_year", "sum"), earned=("revenue", lambda x: float(x.sum()))
    )
    theirs = raw.groupby(["recency", "segment"]).agg(spent=("history", "sum"), earned=("spend", "sum"))
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), abs=0.01)  # the same person in both tables


def test_households_with_sentinels_and_six_campaigns_in_six_columns(gather, real_data):
    found = gather("marketing_campaign")
    raw = pd.read_csv(real_data / "marketing_campaign" / "marketing_campaign.csv", sep=";")
    customers, contacts = found.tables["customers"].execute(), found.tables["contacts"].execute()
    assert len(customers) == 2_240 and customers.income.isna().sum() == 25 and customers.income.max() == 162_397
    assert customers.marital_status.isna().sum() == 4
    assert customers.children.sum() == (raw.Kidhome + raw.Teenhome).sum()
    assert ledger(found, "customers")["born before 1910"][0] == (raw.Year_Birth < 1910).sum() == 3
    accepted = contacts.groupby("campaign_id").converted.sum()
    assert accepted.to_dict() == {
        f"campaign {n}": raw[name].sum() for n, name in enumerate([*(f"AcceptedCmp{i}" for i in range(1, 6)), "Response"], 1)
    }
    assert len(contacts) == 6 * 2_240


def test_lines_of_fixed_width_and_a_summary_without_leading_zeros(gather, real_data):
    found = gather("cdnow")
    orders, customers = found.tables["orders"].execute(), found.tables["customers"].execute()
    assert len(orders) == 6_919 and len(customers) == 2_357 == orders.customer_id.nunique()
    assert {*orders.customer_id} == {*customers.customer_id}
    lines = [line.split() for line in (real_data / "cdnow" / "CDNOW_sample.txt").read_text().splitlines()]
    assert float(orders.amount.sum()) == pytest.approx(sum(float(line[4]) for line in lines), abs=0.001)
    assert orders.quantity.sum() == sum(int(line[3]) for line in lines)
    first = orders.groupby("customer_id").ordered_at.min()
    assert ledger(found, "orders")["identical line"][0] == 21 and str(first.max())[:10] <= "1997-03-31"
    days = orders[orders.ordered_at < "1997-10-01"].drop_duplicates(["customer_id", "ordered_at"]).groupby("customer_id").size() - 1
    published = customers.set_index("customer_id").repeat_orders_39_weeks
    assert (days.reindex(published.index).fillna(0) == published).mean() > 0.99  # their summary counts days with an order


def test_a_survey_without_ids_whose_scale_mixes_words_and_numbers(gather, real_data):
    found = gather("mcdonalds")
    customers = found.tables["customers"].execute()
    raw = pd.read_csv(real_data / "mcdonalds" / "mcdonalds.csv")
    perceptions = list(raw.columns[:11])
    assert len(customers) == 1_453 and not found.dataset.is_timed
    assert customers[perceptions].sum().to_dict() == (raw[perceptions] == "Yes").sum().to_dict()
    assert sorted(customers.liking.unique()) == list(range(-5, 6)) and (customers.liking == 5).sum() == (raw.Like == "I love it!+5").sum()
    assert customers.visits_per_year.isna().sum() == 0 and list(found.ledger["rows"]) == [0]


def test_paths_become_the_journeys_that_were_taken(gather, real_data):
    found = gather("channel_paths")
    raw = pd.read_csv(real_data / "channel_paths" / "channel_paths.csv")
    length = raw.path.str.count(">") + 1
    touches = found.tables["touchpoints"]
    seen = (
        touches.aggregate(rows=touches.count(), journeys=touches.customer_id.nunique(), bought=touches.is_conversion.sum())
        .execute()
        .iloc[0]
    )
    assert seen.rows == (length * (raw.total_conversions + raw.total_null)).sum()
    assert (seen.journeys, seen.bought) == (88_387, 19_785)
    assert sorted(touches.channel.topk(20).execute().channel) == sorted(set(" > ".join(raw.path).split(" > ")))
