-- The keys of a queue, and the state of a message. Times are microseconds, exact in a double until the year 2255.
--   index       sorted set   sequence .. id -> when next visible: waiting, retrying and leased entries alike
--   quarantine  sorted set   the same for suspects that are visible
--   bodies      hash         id -> payload with trace context, opaque here
--   states      hash         id -> state: sequence, token (0: not leased), due (before the lease), enqueued, failures, deliveries, and whether it is a
--                            suspect, is in the quarantine, has a history
--   history     hash         id -> what handlers reported
--   settled     sorted set   id of a settled message -> until when it is remembered
--   dead        sorted set   id of a dead letter -> its number
--   records     hash         id of a dead letter -> everything about it
--   counters    hash         sequence, token, dead, leased
local index, quarantine, bodies, states, history = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local settled, dead, records, counters = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local FORMAT = '>ddddHHBBB'

local function member(state, id)
  return string.format('%016.0f', state.sequence) .. id
end

local function pack(state)
  return struct.pack(FORMAT, state.sequence, state.token, state.due, state.enqueued, state.failures, state.deliveries, state.suspect, state.quarantined,
    state.noted)
end

local function unpack_state(text)
  if not text then
    return nil
  end
  local state = {}
  state.sequence, state.token, state.due, state.enqueued, state.failures, state.deliveries, state.suspect, state.quarantined, state.noted =
    struct.unpack(FORMAT, text)
  return state
end

local function size()
  return redis.call('ZCARD', index) + redis.call('ZCARD', quarantine)
end

-- Ends the lease of a state, in memory; the caller writes the state and the counter.
local function end_lease(state)
  if state.token == 0 then
    return 0
  end
  state.token = 0
  return 1
end

-- Calls a command with many arguments after its key, in pieces that fit on the stack of Lua.
local function call_many(command, key, arguments)
  local result = 0
  for first = 1, #arguments, 2000 do
    result = result + redis.call(command, key, unpack(arguments, first, math.min(first + 1999, #arguments)))
  end
  return result
end
