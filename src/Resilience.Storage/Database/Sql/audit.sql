-- The audit trail: insert-only but for retention.

-- name: audit_insert
INSERT INTO resilience_file_audit (occurred_at, request_id, root, record_key, path, user_id, result, attempt, error, instance)
SELECT {int:0}, {text:1}, @root, {text:2}, {text:3}, {text:4}, {text:5}, {int:6}, {text:7}, @instance FROM {rows:@rows} ORDER BY {int:8}

-- name: audit_succeeded
SELECT DISTINCT record_key, user_id FROM resilience_file_audit WHERE result = 'Succeeded' AND root = @root AND {in:record_key:@keys}

-- name: audit_outcome
SELECT result, attempt, error FROM resilience_file_audit
WHERE request_id = @request AND result IN ('Succeeded', 'Failed', 'Stuck') ORDER BY id DESC LIMIT 1

-- name: audit_interrupted
SELECT a.request_id, a.record_key, a.user_id FROM resilience_file_audit a
WHERE a.root = @root AND a.result = 'Requested' AND a.occurred_at BETWEEN @from AND @to
  AND NOT EXISTS (SELECT 1 FROM resilience_file_audit e WHERE e.request_id = a.request_id AND e.result <> 'Requested')
ORDER BY a.id LIMIT @max

-- name: audit_page
SELECT id, occurred_at, request_id, record_key, path, user_id, result, attempt, error, instance FROM resilience_file_audit
WHERE root = @root AND id > @after ORDER BY id LIMIT @max

-- name: audit_prune
DELETE FROM resilience_file_audit WHERE id IN (SELECT id FROM resilience_file_audit WHERE root = @root AND occurred_at < @before ORDER BY occurred_at LIMIT @max)
