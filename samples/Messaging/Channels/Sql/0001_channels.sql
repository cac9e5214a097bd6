-- last_sequence is the sequence of the newest message; whoever writes to a channel locks its row first.
CREATE TABLE channels (
    id            {identity},
    name          TEXT    NOT NULL,
    private       INTEGER NOT NULL,
    last_sequence BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE members (
    channel_id    BIGINT NOT NULL REFERENCES channels (id),
    user_id       BIGINT NOT NULL REFERENCES users (id),
    role          TEXT   NOT NULL,
    read_sequence BIGINT NOT NULL,
    joined_at     BIGINT NOT NULL,
    PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id, channel_id);
