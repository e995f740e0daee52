-- The records in PostgreSQL, a table a kind and a row a record. Columns are named as the records' keys are; sink.py
-- fills those that are here, so leave out what you do not want, and add what later versions of the stage tell.

CREATE TABLE IF NOT EXISTS worker_uptime (
    record_id              uuid PRIMARY KEY,
    outcome                text NOT NULL,
    matched_by             text,
    ambiguous              boolean NOT NULL,
    truncated              boolean NOT NULL,
    worker                 jsonb NOT NULL,
    work_pool              jsonb,
    started_at             timestamptz,
    stopped_at             timestamptz,
    uptime_seconds         numeric,
    clock_skew_seconds     numeric NOT NULL,
    started_event_id       uuid,
    stopped_event_id       uuid,
    superseded_by_event_id uuid,
    kafka_partition        integer NOT NULL,
    kafka_offset           bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS flow_run_duration (
    record_id              uuid PRIMARY KEY,
    outcome                text NOT NULL,
    matched_by             text,
    ambiguous              boolean NOT NULL,
    truncated              boolean NOT NULL,
    flow_run               jsonb NOT NULL,
    flow                   jsonb,
    deployment             jsonb,
    work_pool              jsonb,
    worker                 jsonb,
    runner                 jsonb,
    tags                   text[] NOT NULL,
    infrastructure         jsonb,
    state                  jsonb,
    submitted_at           timestamptz,
    created_at             timestamptz,
    running_at             timestamptz,
    executed_at            timestamptz,
    cancelled_at           timestamptz,
    ended_at               timestamptz,
    ended_by               text,
    duration_seconds       numeric,
    startup_seconds        numeric,
    clock_skew_seconds     numeric NOT NULL,
    submitted_event_id     uuid,
    executed_event_id      uuid,
    cancelled_event_id     uuid,
    superseded_by_event_id uuid,
    kafka_partition        integer NOT NULL,
    kafka_offset           bigint NOT NULL
);

CREATE INDEX IF NOT EXISTS worker_uptime_started_at ON worker_uptime (started_at);
CREATE INDEX IF NOT EXISTS flow_run_duration_submitted_at ON flow_run_duration (submitted_at);

-- How far the tables have read. In Kafka nothing is committed.
CREATE TABLE IF NOT EXISTS kafka_offsets (
    topic           text NOT NULL,
    kafka_partition integer NOT NULL,
    next_offset     bigint NOT NULL,
    PRIMARY KEY (topic, kafka_partition)
);
