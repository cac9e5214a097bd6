-- Messages that are to be sent later. queue_key is what the queue carries: no other row ever has it, not even after a transaction that was rolled back.
-- state: pending, sent, failed (reason says why), cancelled. Only pending rows are ever sent; every change of state asks for the state it leaves.
-- Rows that ended keep their client id for a while, so that a request that is sent again does not bring them back.
CREATE TABLE scheduled_messages (
    id         {identity},
    queue_key  TEXT   NOT NULL,
    channel_id BIGINT NOT NULL REFERENCES channels (id),
    author_id  BIGINT NOT NULL REFERENCES users (id),
    text       TEXT   NOT NULL,
    client_id  TEXT,
    created_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT
);
CREATE UNIQUE INDEX scheduled_messages_by_key ON scheduled_messages (queue_key);
CREATE UNIQUE INDEX scheduled_messages_by_client_id ON scheduled_messages (channel_id, author_id, client_id);
CREATE INDEX scheduled_messages_by_author ON scheduled_messages (author_id, state, id);
CREATE INDEX scheduled_messages_by_due ON scheduled_messages (state, due_at, id);
