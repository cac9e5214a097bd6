-- Who may not come back into a channel until the ban is lifted.
CREATE TABLE bans (
    channel_id BIGINT NOT NULL REFERENCES channels (id),
    user_id    BIGINT NOT NULL REFERENCES users (id),
    banned_by  BIGINT NOT NULL REFERENCES users (id),
    banned_at  BIGINT NOT NULL,
    PRIMARY KEY (channel_id, user_id)
);
