-- Removes entries, fences and tag tokens, begins or ends a write on them, and tells the other nodes.
-- KEYS[1]  the group
-- ARGV[1]  '' (no write), 'begin' or 'end'; ARGV[2] the writer; ARGV[3] ms after which a begun write ends by itself
-- ARGV[4]  the channel, or '' to tell nobody; ARGV[5] the message
-- ARGV[6]  number of keys, then the keys, then the tags
-- Reply    nothing
-- O(keys + tags)
local base, what, writer, ttl = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local keys = tonumber(ARGV[6])

local function mark(name)
  if what == 'begin' then
    redis.call('ZADD', name, string.format('%.0f', now + ttl), writer)
    redis.call('PEXPIRE', name, ttl)
  elseif what == 'end' then
    redis.call('ZREM', name, writer)
  end
end

for i = 7, #ARGV do
  if i < 7 + keys then
    mark(base .. ':m:' .. ARGV[i])
    redis.call('DEL', base .. ':v:' .. ARGV[i], base .. ':f:' .. ARGV[i])
  else
    mark(base .. ':n:' .. ARGV[i])
    redis.call('DEL', base .. ':t:' .. ARGV[i])
  end
end
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return nil
