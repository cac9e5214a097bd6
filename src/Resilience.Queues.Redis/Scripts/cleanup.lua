#!lua flags=allow-oom
-- Moves one batch of expired messages to the dead letters. Whoever holds the lock cleans; it runs out by itself.
-- KEYS   the keys of the queue, see state.lua, then the lock
-- ARGV   owner, lock in milliseconds, time to live in microseconds, batch, dead letters kept, retention of settled ids in microseconds, settled ids kept,
--        bound, channel
-- Reply  1 if somebody else is cleaning, removed, remaining, dead letters dropped
-- O(b log n) for a batch of b; a batch ends at 4 MB of bodies, so that the server is not busy for long
--#include time
--#include state
--#include kill
local lock, owner = KEYS[10], ARGV[1]
local holder = redis.call('GET', lock)
if holder and holder ~= owner then
  return { 1, 0, 0, 0 }
end
redis.call('SET', lock, owner, 'PX', ARGV[2])
local limit, batch, bound = now - tonumber(ARGV[3]) - 1, tonumber(ARGV[4]), tonumber(ARGV[8])
local was_full = size() >= bound
local doomed, bytes = {}, 0
for _, key in ipairs({ index, quarantine }) do
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', limit, 'LIMIT', 0, batch - #doomed)) do
    if bytes >= 4194304 then
      break
    end
    local id = id_of(entry)
    local state = unpack_state(redis.call('HGET', states, id))
    if state then
      doomed[#doomed + 1] = { id, state, 3 }
      bytes = bytes + redis.call('HSTRLEN', bodies, id)
    else
      redis.call('ZREM', key, entry)
    end
  end
  if #doomed >= batch or bytes >= 4194304 then
    break
  end
end
local dropped, ended = kill(doomed, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
if ended > 0 then
  redis.call('HINCRBY', counters, 'leased', -ended)
end
if was_full and size() < bound then
  redis.call('PUBLISH', ARGV[9], 's')
end
return { 0, #doomed, redis.call('ZCOUNT', index, '-inf', limit) + redis.call('ZCOUNT', quarantine, '-inf', limit), dropped }
