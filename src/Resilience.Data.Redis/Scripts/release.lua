-- Takes tokens back whose loads ended without a value; a token that is another one by now stays.
-- KEYS[1]  the group
-- then in ARGV for each: key, token
-- Reply    for each: 1 when it was there, else 0
-- O(tokens)
local answers = {}
for i = 1, #ARGV, 2 do
  local name = KEYS[1] .. ':f:' .. ARGV[i]
  answers[#answers + 1] = redis.call('GET', name) == ARGV[i + 1] and redis.call('DEL', name) or 0
end
return answers
