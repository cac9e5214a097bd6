#!lua flags=allow-oom
-- Removes a message that is not leased, or gives it a new due time.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   id, bound, channel, delay in microseconds (-1: remove)
-- Reply  1 if it was there and not leased, else 0
-- O(log n)
--#include time
--#include state
local id, bound, channel, delay = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local state = unpack_state(redis.call('HGET', states, id))
if not state then
  return 0
end
local entry = member(state, id)
local key = state[QUARANTINED] == 1 and quarantine or index
if state[TOKEN] ~= 0 and tonumber(redis.call('ZSCORE', key, entry)) > now then
  return 0
end
local was_full = size() >= bound
local suspect = state[TOKEN] ~= 0
if end_lease(state) == 1 then
  redis.call('HINCRBY', counters, 'leased', -1)
end
redis.call('ZREM', key, entry)
if delay < 0 then
  redis.call('HDEL', bodies, id)
  redis.call('HDEL', states, id)
  redis.call('HDEL', history, id)
  if was_full then
    redis.call('PUBLISH', channel, 's')
  end
else
  -- A lease that ran out unnoticed makes a suspect here as it does in a claim.
  if suspect then
    state[SUSPECT] = 1
  end
  state[QUARANTINED], state[DUE] = 0, now + delay
  redis.call('ZADD', index, decimal(state[DUE]), entry)
  redis.call('HSET', states, id, pack(state))
  if redis.call('ZRANGE', index, 0, 0)[1] == entry then
    redis.call('PUBLISH', channel, 'w')
  end
end
return 1
