-- What the quota of an uploader adds up.
CREATE INDEX attachments_by_uploader ON attachments (uploader_id, size);
