-- Events that were committed together with the change they tell of, and are still to be published. Rows of one topic are written while the
-- channel's row is locked, so their ids are in the order of the commits.
CREATE TABLE outbox (
    id         {identity},
    topic      TEXT   NOT NULL,
    event_type TEXT   NOT NULL,
    data       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
