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
-- An id that begins with "~" was made for this call: nobody has it.
local chosen, known = {}, {}
for i = 3, #ARGV, 3 do
  if string.byte(ARGV[i]) ~= 126 then
    chosen[#chosen + 1] = ARGV[i]
  end
end
if #chosen > 0 then
  for i, there in ipairs(redis.call('HMGET', states, unpack(chosen))) do
    known[chosen[i]] = there or tonumber(redis.call('ZSCORE', settled, chosen[i]) or 0) > now
  end
end

local scores, payloads, packed, reply = {}, {}, {}, {}
local wake, place = false, 0
local last_delay, due, score
for i = 1, count do
  local id, delay = ARGV[i * 3], ARGV[i * 3 + 1]
  local status = 0
  if known[id] then
    status = 1
  elseif current >= bound then
    status = 2
  else
    if delay ~= last_delay then
      last_delay, due = delay, now + tonumber(delay)
      score = decimal(due)
    end
    if known[id] == false then
      known[id] = true
    end
    current = current + 1
    wake = wake or due < head
    scores[place + 1], scores[place + 2] = score, entry_of(sequence + i, id)
    payloads[place + 1], payloads[place + 2] = id, ARGV[i * 3 + 2]
    packed[place + 1], packed[place + 2] = id, pack_new(sequence + i, due, now, 0)
    place = place + 2
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
