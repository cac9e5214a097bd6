#!lua flags=allow-oom
-- Lists dead letters, the oldest first.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   number after which to begin, limit
-- Reply  for each: id, number, reason, died, failures, deliveries, enqueued, body, history
-- O(log d + k) for k of d dead letters
--#include time
--#include state
local list = redis.call('ZRANGEBYSCORE', dead, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local reply = {}
for i = 1, #list, 2 do
  local text = redis.call('HGET', records, list[i])
  if text then
    local record = cmsgpack.unpack(text)
    local n = #reply
    reply[n + 1], reply[n + 2] = list[i], tonumber(list[i + 1])
    for field = 1, 7 do
      reply[n + 2 + field] = record[field]
    end
  end
end
return reply
