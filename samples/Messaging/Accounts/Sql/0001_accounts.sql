-- Users and their sessions. Times are milliseconds since 1970. name_key is the name without regard to case.
CREATE TABLE users (
    id            {identity},
    name          TEXT   NOT NULL,
    name_key      TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_by_name ON users (name_key);

-- The token itself is never stored: whoever reads this table cannot sign in with it.
CREATE TABLE sessions (
    id         {identity},
    user_id    BIGINT NOT NULL REFERENCES users (id),
    token_hash TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sessions_by_token ON sessions (token_hash);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
