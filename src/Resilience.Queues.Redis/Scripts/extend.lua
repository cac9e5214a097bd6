#!lua flags=allow-oom
-- Makes leases last longer. A token that is not the current one changes nothing.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   for each lease: id, token, microseconds from now
-- Reply  for each lease: 1 if it was the current one, else 0
-- O(k log n) for k leases
--#include time
--#include state
local reply, scores = {}, {}
for i = 1, #ARGV / 3 do
  local id, token = ARGV[i * 3 - 2], tonumber(ARGV[i * 3 - 1])
  local state = unpack_state(redis.call('HGET', states, id))
  reply[i] = 0
  if state and token ~= 0 and state[TOKEN] == token then
    reply[i] = 1
    scores[#scores + 1] = decimal(now + tonumber(ARGV[i * 3]))
    scores[#scores + 1] = member(state, id)
  end
end
call_many('ZADD', index, scores)
return reply
