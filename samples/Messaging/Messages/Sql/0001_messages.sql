-- A deleted message keeps its row without its text: the sequence has a hole that no fetch fills, and its client id stays used.
CREATE TABLE messages (
    id         {identity},
    channel_id BIGINT NOT NULL REFERENCES channels (id),
    sequence   BIGINT NOT NULL,
    author_id  BIGINT NOT NULL REFERENCES users (id),
    text       TEXT   NOT NULL,
    client_id  TEXT,
    sent_at    BIGINT NOT NULL,
    edited_at  BIGINT,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX messages_by_sequence ON messages (channel_id, sequence);
CREATE UNIQUE INDEX messages_by_client_id ON messages (channel_id, author_id, client_id);
