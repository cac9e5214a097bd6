-- Counts the messages.
-- KEYS   the keys of the queue, see state.lua
-- Reply  size, ready, leased, dead, age of the first due message in microseconds, bytes (-1: not known)
-- O(log n)
--#include time
--#include state
local ready = redis.call('ZCOUNT', index, '-inf', now) + redis.call('ZCARD', quarantine)
local oldest = now
for _, key in ipairs({ index, quarantine }) do
  local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if head[2] then
    oldest = math.min(oldest, tonumber(head[2]))
  end
end
local bytes = 0
for i = 1, 9 do
  local used = redis.pcall('MEMORY', 'USAGE', KEYS[i], 'SAMPLES', '5')
  if type(used) == 'table' then
    bytes = -1
    break
  end
  bytes = bytes + (used or 0)
end
return { size(), ready, tonumber(redis.call('HGET', counters, 'leased') or 0), redis.call('ZCARD', dead), now - oldest, bytes }
