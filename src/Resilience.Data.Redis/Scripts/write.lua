-- Stores values whose token is still that of the key and of its tags, and on which no write is under way.
-- KEYS[1]  the group
-- then in ARGV for each write: key, token, payload, ms to live, number of tags, tags
-- Reply    for each write: 1 when it was stored, else 0
-- O(writes + tags)
local base = KEYS[1]
local time = redis.call('TIME')
local now = string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local answers = {}
local i = 1

local function write(key, token, payload, ttl, first, last)
  if redis.call('GET', base .. ':f:' .. key) ~= token or redis.call('ZCOUNT', base .. ':m:' .. key, now, '+inf') > 0 then return 0 end
  local tags = {}
  for j = first, last do
    local start = 34 + 33 * (j - first)
    local part = string.sub(token, start, start + 31)
    if redis.call('GET', base .. ':t:' .. ARGV[j]) ~= part or redis.call('ZCOUNT', base .. ':n:' .. ARGV[j], now, '+inf') > 0 then return 0 end
    tags[#tags + 1] = ARGV[j]
    tags[#tags + 1] = part
  end
  if #token ~= 32 + 33 * (last - first + 1) then return 0 end
  redis.call('HSET', base .. ':v:' .. key, 'p', payload, 't', cmsgpack.pack(tags))
  redis.call('PEXPIRE', base .. ':v:' .. key, ttl)
  for j = first, last do
    -- A tag's token outlives every entry that holds it.
    local name = base .. ':t:' .. ARGV[j]
    if redis.call('PTTL', name) < ttl + 60000 then redis.call('PEXPIRE', name, ttl + 60000) end
  end
  return 1
end

while i <= #ARGV do
  local count = tonumber(ARGV[i + 4])
  answers[#answers + 1] = write(ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), i + 5, i + 4 + count)
  i = i + 5 + count
end
return answers
