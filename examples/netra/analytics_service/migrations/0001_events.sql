CREATE TABLE IF NOT EXISTS events (
    event_id String,
    event String,
    user_id String,
    thread_id String,
    agent String,
    at DateTime,
    duration_ms Float64,
    tokens UInt64,
    micro_dollars UInt64
) ENGINE = ReplacingMergeTree ORDER BY (user_id, event_id)
