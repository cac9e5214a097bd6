#!lua flags=allow-oom
-- Puts a dead letter back into the queue, due now, with its counts at zero.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   id, bound, channel
-- Reply  0 redriven, 1 not found, 2 full, 3 duplicate
-- O(log n)
--#include time
--#include state
local id = ARGV[1]
local text = redis.call('HGET', records, id)
if not text then
  return 1
end
if redis.call('HEXISTS', states, id) == 1 then
  return 3
end
if size() >= tonumber(ARGV[2]) then
  return 2
end
local record = cmsgpack.unpack(text)
redis.call('ZREM', dead, id)
redis.call('HDEL', records, id)
local sequence, noted = redis.call('HINCRBY', counters, 'sequence', 1), 0
redis.call('HSET', bodies, id, record[6])
if record[7] ~= '' then
  noted = 1
  redis.call('HSET', history, id, record[7])
end
redis.call('HSET', states, id, pack_new(sequence, now, record[5], noted))
local entry = entry_of(sequence, id)
redis.call('ZADD', index, decimal(now), entry)
if redis.call('ZRANGE', index, 0, 0)[1] == entry then
  redis.call('PUBLISH', ARGV[3], 'w')
end
return 0
