-- Reads many entries; gives out tokens for those that are not there.
-- KEYS[1]  the group: every record of it shares this hash tag
-- ARGV[1]  ms a fence lives; ARGV[2] ms a tag token lives at least
-- then for each read: key, fresh token, number of tags, and for each tag: tag, fresh token
-- Reply    for each read: {payload or nil, ms left, token or nil, age of the token in ms or -1 when it was made now}
-- O(reads + tags)
local base, fenceTtl, tagTtl = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now = string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local answers = {}
local i = 3

local function stored(key)
  local name = base .. ':v:' .. key
  local entry = redis.call('HMGET', name, 'p', 't')
  if not entry[1] then return nil end
  local tags = cmsgpack.unpack(entry[2])
  for j = 1, #tags, 2 do
    if redis.call('GET', base .. ':t:' .. tags[j]) ~= tags[j + 1] then
      redis.call('DEL', name)
      return nil
    end
  end
  return {entry[1], redis.call('PTTL', name), false, -1}
end

local function marked(name)
  return redis.call('ZCOUNT', name, now, '+inf') > 0
end

local function token(key, fresh, first, last)
  if marked(base .. ':m:' .. key) then return {false, 0, false, -1} end
  for j = first, last, 2 do
    if marked(base .. ':n:' .. ARGV[j]) then return {false, 0, false, -1} end
  end
  local tags = ''
  for j = first, last, 2 do
    local name = base .. ':t:' .. ARGV[j]
    local current = redis.call('GET', name)
    if not current then
      current = ARGV[j + 1]
      redis.call('SET', name, current, 'PX', tagTtl)
    end
    tags = tags .. ',' .. current
  end
  local name = base .. ':f:' .. key
  local fence = redis.call('GET', name)
  if fence and string.sub(fence, 33) == tags then
    return {false, 0, fence, fenceTtl - redis.call('PTTL', name)}
  end
  redis.call('SET', name, fresh .. tags, 'PX', fenceTtl)
  return {false, 0, fresh .. tags, -1}
end

while i <= #ARGV do
  local key, fresh, count = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  answers[#answers + 1] = stored(key) or token(key, fresh, i + 3, i + 2 + 2 * count)
  i = i + 3 + 2 * count
end
return answers
