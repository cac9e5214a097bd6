#!lua flags=allow-oom
-- Removes one dead letter, or all.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   id, or nothing for all
-- Reply  how many were removed
-- O(log d) for one of d dead letters, O(d) for all
--#include time
--#include state
if ARGV[1] then
  redis.call('HDEL', records, ARGV[1])
  return redis.call('ZREM', dead, ARGV[1])
end
local count = redis.call('ZCARD', dead)
redis.call('UNLINK', dead)
redis.call('UNLINK', records)
return count
