-- A server asked us to slow down. KEYS: the group's lowered rate, its gauge. ARGV: how many answers, the rate a second
-- that its limit allows (0: unlimited), the lowest rate, the seconds within which several answers are one.
-- Answers the new rate as text. The rate is forgotten by itself once it has grown back to where it was.
local GROWTH, MINUTE, MEMORY = 1.2, 60, 10

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local answers, allowed, lowest, together = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function measured()
  local sum, since, raw = 0, now, redis.call('GET', KEYS[2])
  if raw then
    local had, at, first = struct.unpack('<ddd', raw)
    sum, since = had * math.exp(-math.max(0, now - at) / MEMORY), first
  end
  -- Of a flow that began a moment ago the memory holds less than of one that lasts.
  local rate = (sum + answers) / (MEMORY * (1 - math.exp(-math.max(1, now - since) / MEMORY)))
  return allowed > 0 and math.min(rate, allowed) or rate
end

local function text(number) return string.format('%.17g', number) end

local state = redis.call('HMGET', KEYS[1], 'rate', 'base', 'halved', 'seen', 'tokens', 'at')
local rate, base, halved, tokens, at = 0, 0, now, 1, now
if state[1] then
  rate = tonumber(state[1]) * GROWTH ^ math.floor(math.max(0, now - tonumber(state[4])) / MINUTE)
  base, halved, tokens, at = tonumber(state[2]), tonumber(state[3]), tonumber(state[5]), tonumber(state[6])
  -- What is answered right after the halving was under way before it.
  if now - halved >= together then
    rate, halved = rate / 2, now
  end
else
  base = measured()
  rate = base / 2
end
rate = math.max(lowest, rate)
base = math.max(base, rate)

local steps = math.max(1, math.ceil(math.log(base / rate) / math.log(GROWTH) - 0.000001))
redis.call('HSET', KEYS[1], 'rate', text(rate), 'base', text(base), 'halved', text(halved), 'seen', text(now),
  'tokens', text(tokens), 'at', text(at))
redis.call('PEXPIRE', KEYS[1], steps * MINUTE * 1000)
return text(rate)
