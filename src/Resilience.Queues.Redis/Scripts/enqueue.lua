-- Adds messages, each while the queue is below its bound and its id is unknown.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   bound, channel, then for each message: id, delay in microseconds, body
-- Reply  for each message: status (0 accepted, 1 duplicate, 2 full), size after it
-- O(k log n) for k messages
--#include time
--#include state
local bound, channel = tonumber(ARGV[1]), ARGV[2]
local count = (#ARGV - 2) / 3
local current = size()
local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
local head = tonumber(first[2] or 'inf')
local sequence = redis.call('HINCRBY', counters, 'sequence', count) - count
local scores, payloads, packed, seen, reply = {}, {}, {}, {}, {}
local wake = false

for i = 1, count do
  local id, delay, body = ARGV[i * 3], tonumber(ARGV[i * 3 + 1]), ARGV[i * 3 + 2]
  local status = 0
  if seen[id] or redis.call('HEXISTS', states, id) == 1 then
    status = 1
  elseif string.byte(id) ~= 126 and tonumber(redis.call('ZSCORE', settled, id) or 0) > now then
    status = 1
  elseif current >= bound then
    status = 2
  else
    local state = {
      sequence = sequence + i, token = 0, due = now + delay, enqueued = now, failures = 0, deliveries = 0, suspect = 0, quarantined = 0,
      noted = 0,
    }
    seen[id] = true
    current = current + 1
    wake = wake or state.due < head
    scores[#scores + 1], scores[#scores + 2] = state.due, member(state, id)
    payloads[#payloads + 1], payloads[#payloads + 2] = id, body
    packed[#packed + 1], packed[#packed + 2] = id, pack(state)
  end
  reply[i * 2 - 1], reply[i * 2] = status, current
end

call_many('ZADD', index, scores)
call_many('HSET', bodies, payloads)
call_many('HSET', states, packed)
if wake then
  redis.call('PUBLISH', channel, 'w')
end
return reply
