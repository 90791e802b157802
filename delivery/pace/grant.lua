-- Draws from many buckets at once. KEYS: one key a bucket. ARGV[1]: {buckets, asks} as JSON.
-- A bucket: {kind, number, number, share}; an ask: {wanted, forced (0 or 1), bucket, bucket, …} (bucket counted from 1).
-- Answers the seconds and microseconds at which it looked, then for each ask how many it got and, if none, how many
-- milliseconds until it may get one (-1: it got some).
--
-- `share` of a bucket's size is kept from this asker. Less than a millionth of a token is rounding, not a token.
local ROUNDING = 0.000001
local GROWTH, MINUTE = 1.2, 60
local MEMORY = 10

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local given = cjson.decode(ARGV[1])

local open = {}

-- {'rate', per second, size, share}: tokens, and when they were counted.
open['rate'] = function(key, bucket)
  local per_second, size = bucket[2], bucket[3]
  local tokens, raw = size, redis.call('GET', key)
  if raw then
    local had, at = struct.unpack('<dd', raw)
    tokens = math.min(size, had + math.max(0, now - at) * per_second)
  end
  local kept = bucket[4] * (size - 1)
  return {
    free = tokens - kept,
    wait = function(self) return (1 - self.free) / per_second end,
    write = function(self)
      local left = math.min(size, self.free + kept)
      local full_in = (size - left) / per_second
      redis.call('SET', key, struct.pack('<dd', left, now), 'PX', math.ceil(full_in * 1000) + 1000)
    end,
  }
end

-- {'quota', at most, seconds until the window ends, share, drawn so far if nobody remembers}: how many were drawn.
open['quota'] = function(key, bucket)
  local limit, ends_in = bucket[2], bucket[3]
  local drawn = tonumber(redis.call('GET', key) or bucket[5])
  local kept = math.floor(bucket[4] * limit)
  return {
    free = limit - kept - drawn,
    wait = function() return ends_in end,
    write = function(self)
      local spent = math.max(0, limit - kept - self.free)
      redis.call('SET', key, string.format('%.0f', spent), 'PX', math.ceil(ends_in * 1000) + 3600000)
    end,
  }
end

-- {'slowed', 0, 0, share}: the rate that a server's answers have lowered, as slow_down.lua keeps it. None: no limit.
open['slowed'] = function(key, bucket)
  local kept_state = redis.call('HMGET', key, 'rate', 'seen', 'tokens', 'at')
  if not kept_state[1] then return {free = math.huge} end
  local per_second = tonumber(kept_state[1]) * GROWTH ^ math.floor(math.max(0, now - tonumber(kept_state[2])) / MINUTE)
  local size = math.max(1, per_second)
  local tokens = math.min(size, tonumber(kept_state[3]) + math.max(0, now - tonumber(kept_state[4])) * per_second)
  local kept = bucket[4] * (size - 1)
  return {
    free = tokens - kept,
    wait = function(self) return (1 - self.free) / per_second end,
    write = function(self)
      local left = string.format('%.17g', math.min(size, self.free + kept))
      redis.call('HSET', key, 'tokens', left, 'at', string.format('%.17g', now))
    end,
  }
end

-- {'gauge', 0, 0, 0}: refuses nothing and remembers how much went by, each second less of it.
open['gauge'] = function(key)
  return {
    free = math.huge,
    drawn = 0,
    write = function(self)
      local sum, since, raw = 0, now, redis.call('GET', key)
      if raw then
        local had, at, first = struct.unpack('<ddd', raw)
        sum, since = had * math.exp(-math.max(0, now - at) / MEMORY), first
      end
      local state = struct.pack('<ddd', math.max(0, sum + self.drawn), now, since)
      redis.call('SET', key, state, 'PX', MEMORY * 6000)
    end,
  }
end

local buckets = {}
for index, bucket in ipairs(given[1]) do
  buckets[index] = open[bucket[1]](KEYS[index], bucket)
end

local answer = {time[1], time[2]}
for _, ask in ipairs(given[2]) do
  local count, wait = ask[1], -1
  if ask[2] == 0 then
    for at = 3, #ask do
      count = math.min(count, math.floor(buckets[ask[at]].free + ROUNDING))
    end
    count = math.max(0, count)
  end
  if count == 0 then
    wait = 0
    for at = 3, #ask do
      local bucket = buckets[ask[at]]
      if bucket.free + ROUNDING < 1 then wait = math.max(wait, bucket.wait(bucket)) end
    end
    wait = math.ceil(wait * 1000)
  else
    for at = 3, #ask do
      local bucket = buckets[ask[at]]
      bucket.free, bucket.is_drawn = bucket.free - count, true
      if bucket.drawn then bucket.drawn = bucket.drawn + count end
    end
  end
  answer[#answer + 1] = count
  answer[#answer + 1] = wait
end

for _, bucket in ipairs(buckets) do
  if bucket.is_drawn and bucket.write then bucket.write(bucket) end
end
return answer
