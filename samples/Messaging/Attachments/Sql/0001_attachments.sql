-- pending_delete is the library's: null for a file that is there, the deletion's id while it is being deleted; then the row goes.
CREATE TABLE attachments (
    id             {identity},
    channel_id     BIGINT NOT NULL REFERENCES channels (id),
    uploader_id    BIGINT NOT NULL REFERENCES users (id),
    name           TEXT   NOT NULL,
    path           TEXT   NOT NULL,
    size           BIGINT NOT NULL,
    content_type   TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    pending_delete TEXT,
    delete_error   TEXT
);
CREATE UNIQUE INDEX attachments_by_path ON attachments (path);
CREATE INDEX attachments_by_channel ON attachments (channel_id, id);
