#!lua flags=allow-oom
-- Ends deliveries. A token that is not the current one changes nothing.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   retries permitted, dead letters kept, retention of settled ids in microseconds, settled ids kept, bound, channel, then for each delivery:
--        id, token, kind (0 acknowledge, 1 retry, 2 dead letter, 3 release), delay in microseconds, reason, error ('-': none, else '+' and the text)
-- Reply  dead letters dropped, then for each delivery: 0 stale, 1 applied, 2 dead-lettered
-- O(k log n) for k deliveries
--#include time
--#include state
--#include kill
local retries, bound, channel = tonumber(ARGV[1]), tonumber(ARGV[5]), ARGV[6]
local count = (#ARGV - 6) / 6
local ids, cache = {}, {}
for i = 1, count do
  ids[i] = ARGV[i * 6 + 1]
end
for i, text in ipairs(redis.call('HMGET', states, unpack(ids))) do
  cache[ids[i]] = unpack_state(text)
end

local was_full = size() >= bound
local gone, gone_ids, doomed, scores, packed, visible = {}, {}, {}, {}, {}, {}
local leased_change, noted = 0, false
local reply = { 0 }
for i = 1, count do
  local at = i * 6
  local id, token, kind = ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local state = cache[id]
  local outcome = 0
  if state and token ~= 0 and state.token == token then
    outcome = 1
    if kind == '0' then
      cache[id] = nil
      leased_change = leased_change - 1
      gone[#gone + 1], gone_ids[#gone_ids + 1] = member(state, id), id
      noted = noted or state.noted == 1
    elseif kind == '3' then
      state.deliveries = state.deliveries - 1
      leased_change = leased_change - end_lease(state)
      visible[#visible + 1] = id
    else
      local error = ARGV[at + 6]
      state.failures = state.failures + 1
      if string.byte(error) == 43 then
        append_history(id, string.sub(error, 2))
        state.noted = 1
      end
      if kind == '2' or state.failures > retries then
        outcome = 2
        cache[id] = nil
        doomed[#doomed + 1] = { id, state, kind == '2' and tonumber(ARGV[at + 5]) or 0 }
      else
        state.suspect, state.due = 0, now + tonumber(ARGV[at + 4])
        leased_change = leased_change - end_lease(state)
        visible[#visible + 1] = id
      end
    end
  end
  reply[i + 1] = outcome
end

for i, id in ipairs(visible) do
  local state = cache[id]
  scores[i * 2 - 1], scores[i * 2] = state.due, member(state, id)
  packed[i * 2 - 1], packed[i * 2] = id, pack(state)
end
call_many('ZREM', index, gone)
call_many('HDEL', bodies, gone_ids)
call_many('HDEL', states, gone_ids)
if noted then
  call_many('HDEL', history, gone_ids)
end
remember(gone_ids, tonumber(ARGV[3]), tonumber(ARGV[4]))
call_many('ZADD', index, scores)
call_many('HSET', states, packed)
local dropped, ended = kill(doomed, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))
reply[1] = dropped
leased_change = leased_change - ended
if leased_change ~= 0 then
  redis.call('HINCRBY', counters, 'leased', leased_change)
end
if was_full and size() < bound then
  redis.call('PUBLISH', channel, 's')
end
if #visible > 0 then
  local head = redis.call('ZRANGE', index, 0, 0)[1]
  for i = 2, #scores, 2 do
    if scores[i] == head then
      redis.call('PUBLISH', channel, 'w')
    end
  end
end
return reply
