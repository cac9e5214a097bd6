#!lua flags=allow-oom
-- Ends deliveries. A token that is not the current one changes nothing.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   retries permitted, dead letters kept, retention of settled ids in microseconds, settled ids kept, bound, channel, then for each delivery:
--        id, token, kind (0 acknowledge, 1 retry, 2 dead letter, 3 release), and unless it is acknowledged: delay in microseconds, reason, error ('-': none,
--        else '+' and the text)
-- Reply  dead letters dropped, then for each delivery: 0 stale, 1 applied, 2 dead-lettered
-- O(k log n) for k deliveries
--#include time
--#include state
--#include kill
local retries, bound, channel = tonumber(ARGV[1]), tonumber(ARGV[5]), ARGV[6]
local ids, places, found = {}, {}, {}
local at, count = 7, 0
while at <= #ARGV do
  count = count + 1
  ids[count], places[count] = ARGV[at], at
  at = at + (ARGV[at + 2] == '0' and 3 or 6)
end
for i, packed_state in ipairs(redis.call('HMGET', states, unpack(ids))) do
  found[ids[i]] = packed_state
end

local was_full = size() >= bound
local gone, gone_ids, doomed, scores, packed = {}, {}, {}, {}, {}
local leased_change, noted = 0, false
local reply = { 0 }
for i, id in ipairs(ids) do
  at = places[i]
  local kind, outcome = ARGV[at + 2], 0
  local sequence, token = 0, 0
  if found[id] then
    sequence, token = struct.unpack('>dd', found[id])
  end
  if token ~= 0 and token == tonumber(ARGV[at + 1]) then
    outcome = 1
    if kind == '0' then
      leased_change = leased_change - 1
      gone[#gone + 1], gone_ids[#gone_ids + 1] = entry_of(sequence, id), id
      noted = noted or string.byte(found[id], NOTED_AT) == 1
    else
      local state = unpack_state(found[id])
      if kind == '3' then
        state[DELIVERIES] = state[DELIVERIES] - 1
      else
        local error = ARGV[at + 5]
        state[FAILURES] = state[FAILURES] + 1
        if string.byte(error) == 43 then
          append_history(id, string.sub(error, 2))
          state[NOTED] = 1
        end
        if kind == '2' or state[FAILURES] > retries then
          outcome = 2
          doomed[#doomed + 1] = { id, state, kind == '2' and tonumber(ARGV[at + 4]) or 0 }
        else
          state[SUSPECT], state[DUE] = 0, now + tonumber(ARGV[at + 3])
        end
      end
      if outcome == 1 then
        leased_change = leased_change - end_lease(state)
        scores[#scores + 1], scores[#scores + 2] = decimal(state[DUE]), entry_of(sequence, id)
        packed[#packed + 1], packed[#packed + 2] = id, pack(state)
      end
    end
    -- The token is spent: whoever shows it again in this call is stale.
    found[id] = nil
  end
  reply[i + 1] = outcome
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
if #scores > 0 then
  local head = redis.call('ZRANGE', index, 0, 0)[1]
  for i = 2, #scores, 2 do
    if scores[i] == head then
      redis.call('PUBLISH', channel, 'w')
    end
  end
end
return reply
