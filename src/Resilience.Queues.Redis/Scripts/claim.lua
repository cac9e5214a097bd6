#!lua flags=allow-oom
-- Leases due messages in the order of due time and arrival; at most one of them a suspect.
-- KEYS   the keys of the queue, see state.lua
-- ARGV   max, lease in microseconds, 1 if a suspect may be taken, deliveries permitted, dead letters kept, retention of settled ids in microseconds,
--        settled ids kept, bound, channel
-- Reply  now, dead-lettered, dead letters dropped, microseconds until something may be due (-1: nothing in sight), then for each message:
--        id, state as it is packed, body
-- O((k + s) log n) for k messages and s steps over what is not delivered, s at most 1000
--#include time
--#include state
--#include kill
local max, lease, suspect_allowed, deliveries = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])
local bound, channel = tonumber(ARGV[8]), ARGV[9]
local list, list_states, at = {}, {}, 1
local taken, taken_states, taken_packed, doomed, dead_count = {}, {}, {}, {}, 0
local suspect_id, suspect_state, suspect_due
local leased_change, was_full, complete = 0, size() >= bound, false

local function read_suspect()
  local head = redis.call('ZRANGE', quarantine, 0, 0, 'WITHSCORES')
  suspect_id = head[1] and id_of(head[1])
  if suspect_id then
    suspect_state = unpack_state(redis.call('HGET', states, suspect_id))
    suspect_due = tonumber(head[2])
  end
end

-- When an entry of the index is visible: what is not leased, when it is due.
local function visible_at(state)
  return state[TOKEN] == 0 and state[DUE] or tonumber(redis.call('ZSCORE', index, state[MEMBER]))
end

local function is_before(due, sequence, state)
  local visible = visible_at(state)
  return due < visible or (due == visible and sequence < state[SEQUENCE])
end

-- Reads the due entries that may still be taken. What was decided before is not read again: taken entries are visible later, the others have left.
local function read_list()
  local entries = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, max)
  list, list_states, at = {}, {}, 1
  complete = #entries < max
  if #entries == 0 then
    return
  end
  local ids = {}
  for i, entry in ipairs(entries) do
    ids[i] = id_of(entry)
  end
  local texts = redis.call('HMGET', states, unpack(ids))
  for i, id in ipairs(ids) do
    local state = unpack_state(texts[i], entries[i])
    if state then
      local place = #list + 1
      list[place], list_states[place] = id, state
    else
      redis.call('ZREM', index, entries[i])
    end
  end
end

-- Writes what is decided, so that a new reading does not see it.
local function flush()
  local scores, packed, freed = {}, {}, {}
  local from = taken.written or 0
  local visible = decimal(now + lease)
  for i = from + 1, #taken do
    local state = taken_states[i]
    local entry = member(state, taken[i])
    if state[QUARANTINED] == 1 then
      freed[#freed + 1] = entry
      state[QUARANTINED] = 0
    end
    local n = #scores
    scores[n + 1], scores[n + 2] = visible, entry
    packed[n + 1], packed[n + 2] = taken[i], pack(state)
    taken_packed[i] = packed[n + 2]
  end
  taken.written = #taken
  call_many('ZREM', quarantine, freed)
  call_many('ZADD', index, scores)
  call_many('HSET', states, packed)
  local dropped, ended = kill(doomed, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
  leased_change = leased_change - ended
  doomed = {}
  return dropped
end

local dropped, steps, token = 0, 0, nil
if suspect_allowed then
  read_suspect()
end
read_list()
while #taken < max and steps < 1000 do
  if at > #list and not complete then
    dropped = dropped + flush()
    read_list()
  end
  local id, state = list[at], list_states[at]
  local from_quarantine = false
  if suspect_id and (not id or is_before(suspect_due, suspect_state[SEQUENCE], state)) then
    id, state, from_quarantine = suspect_id, suspect_state, true
  end
  if not id then
    break
  end
  steps = steps + 1
  if not from_quarantine and (state[TOKEN] ~= 0 or state[SUSPECT] == 1) then
    at = at + 1
    state[DUE], state[SUSPECT], state[QUARANTINED] = visible_at(state), 1, 1
    leased_change = leased_change - end_lease(state)
    redis.call('ZREM', index, member(state, id))
    redis.call('ZADD', quarantine, decimal(state[DUE]), member(state, id))
    redis.call('HSET', states, id, pack(state))
    if suspect_allowed then
      read_suspect()
    end
  elseif state[DELIVERIES] >= deliveries then
    doomed[#doomed + 1] = { id, state, 2 }
    dead_count = dead_count + 1
    if from_quarantine then
      dropped = dropped + flush()
      read_suspect()
    else
      at = at + 1
    end
  else
    token = token or redis.call('HINCRBY', counters, 'token', max) - max
    state[TOKEN] = token + #taken + 1
    state[DELIVERIES] = state[DELIVERIES] + 1
    leased_change = leased_change + 1
    taken[#taken + 1], taken_states[#taken + 1] = id, state
    if from_quarantine then
      suspect_allowed, suspect_id = false, nil
    else
      at = at + 1
    end
  end
end
dropped = dropped + flush()
if leased_change ~= 0 then
  redis.call('HINCRBY', counters, 'leased', leased_change)
end
if was_full and size() < bound then
  redis.call('PUBLISH', channel, 's')
end

local next_due = -1
if #taken == max or (suspect_allowed and redis.call('ZCARD', quarantine) > 0) then
  next_due = 0
else
  local head = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  if head[1] then
    next_due = math.max(0, tonumber(head[2]) - now)
  end
end

local reply = { now, dead_count, dropped, next_due }
if #taken > 0 then
  local payloads = redis.call('HMGET', bodies, unpack(taken))
  for i, id in ipairs(taken) do
    local n = #reply
    reply[n + 1], reply[n + 2], reply[n + 3] = id, taken_packed[i], payloads[i] or ''
  end
end
return reply
