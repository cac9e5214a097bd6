-- The pairing of database and folder, and the sweep's lease.

-- name: root_get
SELECT marker, generation, ready, swept_at FROM resilience_file_root WHERE root = @root

-- name: root_insert
INSERT INTO resilience_file_root (root, marker, generation, ready, sweep_owner, sweep_lease, swept_at)
VALUES (@root, @marker, 1, 0, '', 0, 0) ON CONFLICT DO NOTHING

-- name: root_ready
UPDATE resilience_file_root SET ready = 1 WHERE root = @root AND marker = @marker

-- name: root_advance
UPDATE resilience_file_root SET generation = generation + 1 WHERE root = @root RETURNING generation

-- name: root_accept
UPDATE resilience_file_root SET marker = @marker, generation = @generation, ready = 1 WHERE root = @root

-- name: sweep_claim
UPDATE resilience_file_root SET sweep_owner = @owner, sweep_lease = @lease
WHERE root = @root AND (sweep_owner = @owner OR sweep_lease <= @now)

-- name: sweep_release
UPDATE resilience_file_root SET sweep_owner = '', sweep_lease = 0, swept_at = CASE WHEN @swept > 0 THEN @swept ELSE swept_at END WHERE root = @root AND sweep_owner = @owner

-- name: quarantine_insert
INSERT INTO resilience_file_quarantine (id, root, path, name, identity, state, found_at)
SELECT {text:0}, @root, {text:1}, {text:2}, {text:3}, 1, @now FROM {rows:@rows}

-- name: quarantine_move
UPDATE resilience_file_quarantine SET state = @to WHERE {in:id:@ids} AND state = @from

-- name: quarantine_remove
DELETE FROM resilience_file_quarantine WHERE {in:id:@ids}

-- name: quarantine_list
SELECT id, path, name, identity, state, found_at FROM resilience_file_quarantine
WHERE root = @root AND state = @state AND found_at <= @before AND id > @after ORDER BY id LIMIT @max

-- name: quarantine_get
SELECT id, path, name, identity, state, found_at FROM resilience_file_quarantine WHERE id = @id
