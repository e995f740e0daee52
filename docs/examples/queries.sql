-- What people ask of the tables. Most questions are of what ended: a run that is open has no record yet.

-- How long do runs take, by pool? (The life of the infrastructure; cancelled runs say nothing about it.)
SELECT work_pool->>'name' AS pool,
       count(*) AS runs,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_seconds) AS p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_seconds) AS p95,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_seconds) AS p99
FROM flow_run_duration
WHERE outcome = 'completed'
GROUP BY pool
ORDER BY p95 DESC;

-- Which workers vanished: never stopped, and were replaced or went silent?
SELECT worker->>'name' AS name, outcome, count(*) AS times, max(started_at) AS started_last
FROM worker_uptime
WHERE outcome IN ('superseded', 'lost')
GROUP BY name, outcome
ORDER BY times DESC, name;

-- Which runs never ended, and whose were they?
SELECT flow_run->>'name' AS run, flow->>'name' AS flow, worker->>'name' AS worker, outcome, submitted_at
FROM flow_run_duration
WHERE ended_at IS NULL
ORDER BY submitted_at DESC NULLS LAST, run
LIMIT 100;

-- What ran at a given time?
SELECT flow_run->>'name' AS run, worker->>'name' AS worker, submitted_at, ended_at
FROM flow_run_duration
WHERE submitted_at <= '2026-11-23 15:40:00+00' AND ended_at > '2026-11-23 15:40:00+00'
ORDER BY submitted_at;

-- Which flows fail, and whose word is their end? (A flow that crashes may have infrastructure that succeeded.)
SELECT flow->>'name' AS flow, state->>'type' AS became, ended_by, count(*) AS runs
FROM flow_run_duration
WHERE state->>'type' IN ('FAILED', 'CRASHED')
GROUP BY flow, became, ended_by
ORDER BY runs DESC;

-- How long until a flow's own code runs, by pool, and how much of that is the creation of its infrastructure?
SELECT work_pool->>'name' AS pool,
       count(*) AS runs,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY startup_seconds) AS p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY startup_seconds) AS p95,
       avg(extract(epoch FROM created_at - submitted_at)) AS until_created
FROM flow_run_duration
WHERE startup_seconds IS NOT NULL
GROUP BY pool
ORDER BY p95 DESC;

-- Whose infrastructure exits with an error? (The process's exit code: a flow that raises may exit 0.)
SELECT flow->>'name' AS flow, infrastructure->>'status_code' AS status_code, count(*) AS runs
FROM flow_run_duration
WHERE (infrastructure->>'status_code')::integer <> 0
GROUP BY flow, status_code
ORDER BY runs DESC;

-- How much time did each pool's infrastructure take, by day? An ambiguous pair may be crossed; sums are right.
SELECT date_trunc('day', submitted_at, 'UTC') AS day, work_pool->>'name' AS pool, sum(duration_seconds) AS seconds
FROM flow_run_duration
GROUP BY day, pool
ORDER BY day, pool;

-- How sure are the pairs?
SELECT matched_by, ambiguous, outcome, count(*) AS runs
FROM flow_run_duration
GROUP BY matched_by, ambiguous, outcome
ORDER BY runs DESC;
