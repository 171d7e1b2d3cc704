"""What customers buy, and at what price. Each function is the column it names; its first parameter is the grain it is computed on."""

import ibis

from segkit.features.fold import needs, squared

TABLE = "orders"
ABSENT = {"n_categories": 0, "n_products": 0}


@needs("category")
def per_category(orders):
    """One row per customer and category bought. Out: customer_id, category, amount (0 where more was given back than bought)."""
    rows = orders.filter(orders.category.notnull()).group_by("customer_id", "category").aggregate(amount=lambda rows: rows.amount.sum())
    return rows.mutate(amount=ibis.greatest(rows.amount, 0).cast("decimal(18, 4)"))


@needs("product_id")
def per_product(orders):
    """One row per customer and product bought."""
    return orders.filter(orders.product_id.notnull()).select("customer_id", "product_id").distinct()


@needs("quantity", "unit_price")
def per_price(orders):
    """One row per customer. Out: customer_id, paid, listed (pieces times price); of lines that are bought and bear both."""
    told = orders.filter((orders.quantity > 0) & (orders.unit_price > 0))
    return told.group_by("customer_id").aggregate(
        paid=told.amount.sum(), listed=(told.quantity.cast("decimal(18, 0)") * told.unit_price).sum()
    )


def n_categories(per_category):
    """Number of different categories bought. [categories]"""
    return per_category.count()


def top_category_share(per_category):
    """Share of spend in the category a customer spends most in. [share]"""
    return per_category.amount.max().cast("float64") / per_category.amount.sum().nullif(0).cast("float64")


def category_concentration(per_category):
    """Herfindahl index of spend over categories: 1 is all in one, 1/n is evenly in n. [ratio]"""
    amount, total = per_category.amount, per_category.amount.sum().nullif(0).cast("float64")
    return squared(amount).sum().cast("float64") / (total * total)


def n_products(per_product):
    """Number of different products bought. [products]"""
    return per_product.count()


def discount_share(per_price):
    """How much less was paid than pieces times price. [share]"""
    return 1.0 - per_price.paid.max().cast("float64") / per_price.listed.max().nullif(0).cast("float64")
