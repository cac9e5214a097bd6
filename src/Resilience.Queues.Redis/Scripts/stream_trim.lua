#!lua flags=allow-oom
-- Looks at a stream and trims it by at most one XTRIM. What a group has not read and acknowledged stays, but for the hard cap.
-- KEYS   stream, hash in which the activity of groups is noted
-- ARGV   entries kept, entries removed at most, age in milliseconds (-1: any), protection (0 acknowledged, 1 delivered, 2 none), hard cap,
--        milliseconds after which an idle group protects nothing (-1: never)
-- Reply  status (0 done, 1 missing, 2 wrong type), removed, length, bytes (-1: not known), lag (-1: not known), unread lost, 1 if blocked, stale groups
-- O(g + c + r) for g groups with c consumers and r removed entries
--#include time
local stream, noted = KEYS[1], KEYS[2]
local keep, limit, age, safety = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local hard, stale_after = tonumber(ARGV[5]), tonumber(ARGV[6])
local now_ms = math.floor(now / 1000)
local NODE = 100

local kind = redis.call('TYPE', stream).ok
if kind ~= 'stream' then
  return { kind == 'none' and 1 or 2, 0, 0, -1, 0, 0, 0, 0 }
end

-- Ids are compared as text, part by part: their numbers do not fit into a double.
local function split(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return ms, seq
end

local function less(a, b)
  local a_ms, a_seq = split(a)
  local b_ms, b_seq = split(b)
  if a_ms ~= b_ms then
    return #a_ms < #b_ms or (#a_ms == #b_ms and a_ms < b_ms)
  end
  return #a_seq < #b_seq or (#a_seq == #b_seq and a_seq < b_seq)
end

local function after(id)
  local ms, seq = split(id)
  if #seq > 15 then
    return id
  end
  return ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
end

local function fields(list)
  local map = {}
  for i = 1, #list, 2 do
    map[list[i]] = list[i + 1]
  end
  return map
end

-- A group is active while its position or its pending entries change, or one of its consumers asks.
local function is_stale(group)
  if stale_after < 0 then
    return false
  end
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group.name)) do
    if fields(consumer).idle < stale_after then
      redis.call('HDEL', noted, group.name)
      return false
    end
  end
  local position = group['last-delivered-id'] .. '/' .. group.pending
  local since, seen = string.match(redis.call('HGET', noted, group.name) or '', '^(%d+) (.*)$')
  if seen ~= position then
    redis.call('HSET', noted, group.name, string.format('%.0f %s', now_ms, position))
    redis.call('PEXPIRE', noted, stale_after * 4)
    return false
  end
  redis.call('PEXPIRE', noted, stale_after * 4)
  return now_ms - tonumber(since) >= stale_after
end

local length = redis.call('XLEN', stream)
local groups, watermark, stale, lag = {}, nil, 0, 0
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local group = fields(info)
  if lag >= 0 then
    lag = group.lag and math.max(lag, group.lag) or -1
  end
  if safety < 2 then
    if is_stale(group) then
      stale = stale + 1
    else
      local need = after(group['last-delivered-id'])
      if safety == 0 and group.pending > 0 then
        need = redis.call('XPENDING', stream, group.name)[2]
      end
      watermark = (not watermark or less(need, watermark)) and need or watermark
      groups[#groups + 1] = group
    end
  end
end

local removed, lost, blocked = 0, 0, 0
local over = length - keep
if watermark and length > hard then
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]
  removed = redis.call('XTRIM', stream, 'MAXLEN', '~', hard, 'LIMIT', math.min(limit, length - hard))
  local left = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]
  blocked = less(left, watermark) and 0 or 1
  if removed > 0 then
    for _, group in ipairs(groups) do
      local unread = 0
      if group.lag then
        -- What is unread are the newest entries: those beyond what is left have gone.
        unread = math.max(0, math.min(group.lag, length) - (length - removed))
      elseif less(group['last-delivered-id'], left) then
        unread = removed
      end
      local unsettled = 0
      if safety == 0 and group.pending > 0 then
        unsettled = #redis.call('XPENDING', stream, group.name, first, '(' .. left, removed)
      end
      lost = math.max(lost, math.min(removed, unread + unsettled))
    end
  end
elseif over > 0 then
  local count = math.min(limit, over)
  if watermark then
    removed = redis.call('XTRIM', stream, 'MINID', '~', watermark, 'LIMIT', count)
    blocked = removed < count - NODE and 1 or 0
  else
    removed = redis.call('XTRIM', stream, 'MAXLEN', '~', keep, 'LIMIT', count)
  end
elseif age >= 0 then
  local oldest = string.format('%.0f-0', now_ms - age)
  if watermark and less(watermark, oldest) then
    oldest = watermark
  end
  removed = redis.call('XTRIM', stream, 'MINID', '~', oldest, 'LIMIT', limit)
end

local bytes = redis.pcall('MEMORY', 'USAGE', stream, 'SAMPLES', '5')
if type(bytes) == 'table' then
  bytes = -1
end
return { 0, removed, length - removed, bytes or 0, lag, lost, blocked, stale }
