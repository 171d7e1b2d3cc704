-- The features of orders, baskets, calendar and rfm as a person would write them by hand for DuckDB; :log and :as_of are filled in.
WITH lines AS (SELECT * FROM read_parquet(':log') WHERE ordered_at < TIMESTAMP ':as_of'),
placed AS (
  SELECT customer_id, order_id, min(ordered_at) AS ordered_at, sum(amount) AS amount, count(*) AS n_lines,
    sum(quantity)::BIGINT AS items, min(channel) AS channel
  FROM lines GROUP BY customer_id, order_id
),
in_time AS (
  SELECT *, row_number() OVER w AS number, date_diff('day', lag(ordered_at) OVER w, ordered_at) AS gap
  FROM placed WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at, order_id)
),
buyers AS (
  SELECT customer_id, count(*) AS n_orders, sum(amount) AS spend, min(ordered_at) AS first_ordered_at, max(ordered_at) AS last_ordered_at,
    max(amount) AS largest_order, sum(amount::DECIMAL(19, 4) * amount::DECIMAL(19, 4))::DOUBLE AS squares,
    sum(n_lines)::DOUBLE / count(*) AS lines_per_order, sum(items)::BIGINT AS n_items, sum(items)::DOUBLE / count(items) AS items_per_order,
    sum(gap)::DOUBLE / nullif(count(gap), 0) AS days_between_orders, max(gap) AS longest_gap_days,
    count(gap) AS gaps, sum(gap)::DOUBLE AS gap_total, sum(gap * gap)::DOUBLE AS gap_squares,
    coalesce(sum(amount) FILTER (ordered_at >= TIMESTAMP ':as_of' - INTERVAL 90 DAY), 0) AS recent_spend,
    coalesce(sum(amount) FILTER (ordered_at >= TIMESTAMP ':as_of' - INTERVAL 180 DAY
      AND ordered_at < TIMESTAMP ':as_of' - INTERVAL 90 DAY), 0) AS earlier_spend,
    max(amount) FILTER (number = 1) AS first_order_value, max(n_lines) FILTER (number = 1) AS first_order_lines,
    max(channel) FILTER (number = 1) AS first_order_channel, max(gap) FILTER (number = 2) AS days_to_second_order,
    count(*) FILTER (isodow(ordered_at) >= 6)::DOUBLE / count(*) AS weekend_share,
    count(*) FILTER (hour(ordered_at) BETWEEN 6 AND 11)::DOUBLE / count(*) AS morning_share,
    count(*) FILTER (hour(ordered_at) BETWEEN 12 AND 17)::DOUBLE / count(*) AS afternoon_share,
    count(*) FILTER (hour(ordered_at) >= 18)::DOUBLE / count(*) AS evening_share,
    count(*) FILTER (hour(ordered_at) < 6)::DOUBLE / count(*) AS night_share,
    count(*) FILTER (month(ordered_at) BETWEEN 3 AND 5)::DOUBLE / count(*) AS spring_share,
    count(*) FILTER (month(ordered_at) BETWEEN 6 AND 8)::DOUBLE / count(*) AS summer_share,
    count(*) FILTER (month(ordered_at) BETWEEN 9 AND 11)::DOUBLE / count(*) AS autumn_share,
    count(*) FILTER (month(ordered_at) IN (12, 1, 2))::DOUBLE / count(*) AS winter_share
  FROM in_time GROUP BY customer_id
),
channels AS (
  SELECT customer_id, count(*) AS n_channels, max(n)::DOUBLE / sum(n) AS top_channel_share
  FROM (SELECT customer_id, channel, count(*) AS n FROM placed WHERE channel IS NOT NULL GROUP BY customer_id, channel) GROUP BY customer_id
),
categories AS (
  SELECT customer_id, greatest(sum(amount), 0)::DECIMAL(19, 4) AS amount FROM lines WHERE category IS NOT NULL GROUP BY customer_id, category
),
baskets AS (
  SELECT customer_id, count(*) AS n_categories, max(amount)::DOUBLE / nullif(sum(amount), 0) AS top_category_share,
    sum(amount * amount)::DOUBLE / nullif(sum(amount)::DOUBLE, 0) ^ 2 AS category_concentration
  FROM categories GROUP BY customer_id
),
scored AS (
  SELECT *, date_diff('day', last_ordered_at, TIMESTAMP ':as_of') AS days_since_last_order,
    date_diff('day', first_ordered_at, last_ordered_at) AS active_span_days, date_diff('day', first_ordered_at, TIMESTAMP ':as_of') AS tenure_days,
    sqrt(greatest(squares - spend::DOUBLE ^ 2 / n_orders, 0)) / sqrt(nullif(n_orders - 1, 0)) AS order_value_sd,
    spend::DOUBLE / n_orders AS mean_order_value,
    sqrt(greatest(gap_squares - gap_total ^ 2 / nullif(gaps, 0), 0)) / sqrt(if(gaps > 1, gaps - 1, NULL)) / nullif(days_between_orders, 0) AS gap_variation
  FROM buyers LEFT JOIN baskets USING (customer_id) LEFT JOIN channels USING (customer_id)
),
ranked AS (
  SELECT *, 2 * rank() OVER (ORDER BY days_since_last_order DESC) + count(*) OVER (PARTITION BY days_since_last_order) - 1 AS recency,
    2 * rank() OVER (ORDER BY n_orders) + count(*) OVER (PARTITION BY n_orders) - 1 AS frequency,
    2 * rank() OVER (ORDER BY spend) + count(*) OVER (PARTITION BY spend) - 1 AS monetary, count(*) OVER () AS n
  FROM scored
)
SELECT * EXCLUDE (squares, gaps, gap_total, gap_squares, recency, frequency, monetary, n) REPLACE (spend::DOUBLE AS spend, largest_order::DOUBLE AS largest_order,
  recent_spend::DOUBLE AS recent_spend, earlier_spend::DOUBLE AS earlier_spend, first_order_value::DOUBLE AS first_order_value),
  n_orders * 30.0 / greatest(days_since_last_order + active_span_days, 30) AS orders_per_month,
  order_value_sd / nullif(mean_order_value, 0) AS order_value_variation,
  days_since_last_order / CASE WHEN days_between_orders > 1 THEN days_between_orders WHEN days_between_orders IS NOT NULL THEN 1 END AS overdue,
  CASE WHEN recent_spend >= 0 AND earlier_spend >= 0 AND recent_spend + earlier_spend > 0
    THEN (recent_spend - earlier_spend)::DOUBLE / (recent_spend + earlier_spend)::DOUBLE END AS spend_trend,
  CASE WHEN n_orders = 1 THEN 'one-time' WHEN days_between_orders <= 60 THEN 'frequent' ELSE 'occasional' END AS buyer_type,
  ceil(5 * recency / (2.0 * n)::DOUBLE)::BIGINT AS recency_score, ceil(5 * frequency / (2.0 * n)::DOUBLE)::BIGINT AS frequency_score,
  ceil(5 * monetary / (2.0 * n)::DOUBLE)::BIGINT AS monetary_score,
  CASE WHEN (monetary - 1) / (2.0 * n)::DOUBLE > 0.8 THEN 'heavy' WHEN (monetary - 1) / (2.0 * n)::DOUBLE > 0.5 THEN 'medium' ELSE 'light' END AS buyer_class
FROM ranked ORDER BY customer_id
