#!lua flags=allow-oom
-- Ends a cleanup.
-- KEYS   the keys of the queue, see state.lua, then the lock
-- ARGV   owner
-- Reply  1 if the lock was the owner's, else 0
-- O(1)
if redis.call('GET', KEYS[10]) == ARGV[1] then
  return redis.call('DEL', KEYS[10])
end
return 0
