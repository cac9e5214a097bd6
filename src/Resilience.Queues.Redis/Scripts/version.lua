-- Marks the format of a queue's keys, and tells which one is there.
-- KEYS   the mark
-- ARGV   the format of the caller
-- Reply  the format that is there
-- O(1)
redis.call('SETNX', KEYS[1], ARGV[1])
return tonumber(redis.call('GET', KEYS[1]))
