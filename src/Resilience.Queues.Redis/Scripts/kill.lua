-- Moves messages to the dead letters, and remembers settled ids.
local function append_history(id, text)
  local old = redis.call('HGET', history, id) or ''
  local at, count = 1, 0
  local starts = {}
  while at <= #old do
    count = count + 1
    starts[count] = at
    local _, length = struct.unpack('>dI4', old, at)
    at = at + 12 + length
  end
  if count >= 16 then
    old = string.sub(old, starts[count - 14])
  end
  redis.call('HSET', history, id, old .. struct.pack('>dI4', now, #text) .. text)
end

local function remember(ids, retention, capacity)
  if retention == 0 or capacity == 0 then
    return
  end
  local arguments = {}
  for _, id in ipairs(ids) do
    if string.byte(id) ~= 126 then
      arguments[#arguments + 1] = decimal(now + retention)
      arguments[#arguments + 1] = id
    end
  end
  if #arguments == 0 then
    return
  end
  redis.call('ZREMRANGEBYSCORE', settled, '-inf', now)
  call_many('ZADD', settled, arguments)
  local excess = redis.call('ZCARD', settled) - capacity
  if excess > 0 then
    redis.call('ZREMRANGEBYRANK', settled, 0, excess - 1)
  end
end

-- list: { id, state, reason } each. Returns how many dead letters had to leave, and how many leases ended.
local function kill(list, capacity, retention, remembered)
  if #list == 0 then
    return 0, 0
  end
  local number = redis.call('HINCRBY', counters, 'dead', #list) - #list
  local numbers, gone, ids = {}, { {}, {} }, {}
  local ended = 0
  for i, one in ipairs(list) do
    local id, state = one[1], one[2]
    local from = gone[state[QUARANTINED] + 1]
    from[#from + 1] = member(state, id)
    ended = ended + end_lease(state)
    ids[i] = id
    numbers[i * 2 - 1], numbers[i * 2] = number + i, id
    -- One by one: many large bodies at once would stand in memory twice.
    redis.call('HSET', records, id, cmsgpack.pack({
      one[3], now, state[FAILURES], state[DELIVERIES], state[ENQUEUED],
      redis.call('HGET', bodies, id) or '', state[NOTED] == 1 and redis.call('HGET', history, id) or '',
    }))
  end
  local added = call_many('ZADD', dead, numbers)
  call_many('ZREM', index, gone[1])
  call_many('ZREM', quarantine, gone[2])
  call_many('HDEL', bodies, ids)
  call_many('HDEL', states, ids)
  call_many('HDEL', history, ids)
  remember(ids, retention, remembered)
  local dropped = #list - added
  local excess = redis.call('ZCARD', dead) - capacity
  if excess > 0 then
    local oldest = redis.call('ZRANGE', dead, 0, excess - 1)
    call_many('ZREM', dead, oldest)
    call_many('HDEL', records, oldest)
    dropped = dropped + excess
  end
  return dropped, ended
end
