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
local format = string.format
-- A server keeps small sets and hashes as one list that it searches from its start, unless something in it is longer than 64 bytes. So members have 32 digits
-- before the id, and states end in padding: a short queue costs a third less.
local FORMAT = '>ddddHHBBB' .. string.rep('x', 26)
local DIGITS, NOTED_AT = 32, 39
local SEQUENCE, TOKEN, DUE, ENQUEUED, FAILURES, DELIVERIES, SUSPECT, QUARANTINED, NOTED = 1, 2, 3, 4, 5, 6, 7, 8, 9
-- Not stored: the member, where it was read from the index.
local MEMBER = 10

-- Scores go to the server as text: of a number it would print 17 significant digits, which is slow.
local function decimal(number)
  return format('%d', number)
end

local function entry_of(sequence, id)
  return format('%032d', sequence) .. id
end

local function id_of(entry)
  return string.sub(entry, DIGITS + 1)
end

local function member(state, id)
  return state[MEMBER] or entry_of(state[SEQUENCE], id)
end

local function pack(state)
  return struct.pack(FORMAT, unpack(state, SEQUENCE, NOTED))
end

-- An array, as a table of names costs several times as much to build.
local function unpack_state(packed, entry)
  if not packed then
    return nil
  end
  local state = { struct.unpack(FORMAT, packed) }
  state[MEMBER] = entry
  return state
end

local function pack_new(sequence, due, enqueued, noted)
  return struct.pack(FORMAT, sequence, 0, due, enqueued, 0, 0, 0, 0, noted)
end

local function size()
  return redis.call('ZCARD', index) + redis.call('ZCARD', quarantine)
end

-- Ends the lease of a state, in memory; the caller writes the state and the counter.
local function end_lease(state)
  if state[TOKEN] == 0 then
    return 0
  end
  state[TOKEN] = 0
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
