-- The deletion journal and the claims on paths. See SqlText for the {macros}; one text serves both dialects.
-- Live rows are those with state <> 2 (failed rows are history).

-- name: journal_live
SELECT record_key, path, user_id FROM resilience_file_journal WHERE root = @root AND state <> 2 AND {in:record_key:@keys}
UNION
SELECT record_key, path, user_id FROM resilience_file_journal WHERE root = @root AND state <> 2 AND {in:path:@paths}

-- name: journal_drop_failed
DELETE FROM resilience_file_journal WHERE root = @root AND state = 2 AND {in:record_key:@keys}

-- name: journal_insert
INSERT INTO resilience_file_journal
    (id, root, record_key, path, identity, state, kind, attempts, snapshot, user_id, owner, lease_until, created_at, updated_at, error)
SELECT {text:0}, @root, {text:1}, {text:2}, {text:3}, 1, {int:6}, 0, {text:4}, {text:5}, @owner, @lease, @now, @now, NULL
FROM {rows:@rows} WHERE 1 = 1
ON CONFLICT DO NOTHING
RETURNING id

-- name: journal_lock
SELECT id FROM resilience_file_journal WHERE {in:id:@ids} AND owner = @owner AND state <> 2 ORDER BY id {lock}

-- name: journal_state
SELECT state, owner FROM resilience_file_journal WHERE id = @id

-- name: journal_present
SELECT id FROM resilience_file_journal WHERE {in:id:@ids}

-- name: journal_attempt_failed
UPDATE resilience_file_journal SET attempts = attempts + 1, lease_until = @lease, updated_at = @now, error = @error WHERE id = @id AND owner = @owner

-- name: journal_remove
DELETE FROM resilience_file_journal WHERE {in:id:@ids} AND owner = @owner

-- name: journal_close
UPDATE resilience_file_journal SET state = @state, lease_until = @lease, updated_at = @now, error = @error WHERE id = @id AND owner = @owner AND state <> 2

-- name: journal_expired
SELECT id FROM resilience_file_journal WHERE root = @root AND state <> 2 AND lease_until <= @now ORDER BY lease_until LIMIT @max {skip}

-- name: journal_claim
UPDATE resilience_file_journal SET owner = @owner, lease_until = @lease, updated_at = @now
WHERE {in:id:@ids} AND state <> 2 AND lease_until <= @now
RETURNING id, record_key, path, identity, state, kind, attempts, snapshot, user_id

-- name: journal_counts
SELECT state, COUNT(*), MIN(created_at) FROM resilience_file_journal WHERE root = @root GROUP BY state

-- name: journal_prune
DELETE FROM resilience_file_journal WHERE root = @root AND state = 2 AND updated_at < @before

-- name: upload_revoke
UPDATE resilience_file_upload SET state = 2 WHERE root = @root AND state = 1 AND {in:path:@paths}

-- name: upload_begin
INSERT INTO resilience_file_upload (id, root, path, state, user_id, lease_until, created_at)
VALUES (@id, @root, @path, 1, @user, @lease, @now) ON CONFLICT DO NOTHING

-- name: upload_renew
UPDATE resilience_file_upload SET lease_until = @lease WHERE id = @id AND state = 1

-- name: upload_complete
DELETE FROM resilience_file_upload WHERE id = @id AND state = 1

-- name: upload_take
UPDATE resilience_file_upload SET state = 2, lease_until = @lease WHERE id = @id

-- name: upload_expired
SELECT id, path, user_id, state FROM resilience_file_upload WHERE root = @root AND lease_until <= @now ORDER BY lease_until LIMIT @max

-- name: upload_reap_expired
UPDATE resilience_file_upload SET state = CASE WHEN state = 1 THEN 2 ELSE state END, lease_until = @lease WHERE id = @id AND lease_until <= @now

-- name: upload_remove
DELETE FROM resilience_file_upload WHERE {in:id:@ids} AND state <> 1

-- name: upload_claim
INSERT INTO resilience_file_upload (id, root, path, state, user_id, lease_until, created_at)
SELECT {text:0}, @root, {text:1}, 3, @user, @lease, @now FROM {rows:@rows} WHERE 1 = 1
ON CONFLICT DO NOTHING
RETURNING path

-- name: known_elsewhere
SELECT path FROM resilience_file_journal WHERE root = @root AND state <> 2 AND {in:path:@paths}
UNION
SELECT path FROM resilience_file_upload WHERE root = @root AND {in:path:@paths}

-- name: known_in_journal
SELECT path FROM resilience_file_journal WHERE root = @root AND state <> 2 AND {in:path:@paths}

-- name: known_elsewhere_lower
SELECT {lower:path} FROM resilience_file_journal WHERE root = @root AND state <> 2 AND {inlower:path:@paths}
UNION
SELECT {lower:path} FROM resilience_file_upload WHERE root = @root AND {inlower:path:@paths}

-- name: known_in_journal_lower
SELECT {lower:path} FROM resilience_file_journal WHERE root = @root AND state <> 2 AND {inlower:path:@paths}
