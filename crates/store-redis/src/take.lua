-- Takes one of every rate, or of none (GCRA; the server's clock). Without a rate it is a gate's heartbeat.
-- KEYS[1]: the account's gates; then the rates of one call, at most of key, team and account. One hash tag: one slot of a cluster.
-- ARGV[1]: the gate. ARGV[2]: the server's time in µs after which nobody waits for this any more. ARGV[3]: 1 if the gate may have
-- spent a share of its own since it was last here. Then for each rate: interval in µs, burst, 1 if it is only observed.
-- Gives: 1 taken, 0 refused, -1 too late; the server's time in µs; gates known; the rate that has none left, and its wait in µs;
-- the rates that were taken, a bit each.
local SILENT, LOOK, FORGOTTEN, FRESH = 500000, 100000, 600000000, 500000
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if now > tonumber(ARGV[2]) then return {-1, now, 0, 0, 0, 0} end

-- everything is read before anything is written: a key of another kind is an error that changes nothing
local gates, me = KEYS[1], 'g:' .. ARGV[1]
local head = redis.call('HMGET', gates, 'since', 'at', 'here', 'known')
local since, at, here, known = tonumber(head[1]), tonumber(head[2]), tonumber(head[3]), tonumber(head[4])
local kept = {}
for i = 2, #KEYS do kept[i] = redis.call('GET', KEYS[i]) end
local function digits(number) return string.format('%.0f', number) end

-- what is here was lost or is new: nobody knows what was taken before, and gates that count for themselves get the time to return
if not since then since, at = now + FRESH, nil end
-- a clock that was set back
if since > now + FRESH then since = now + FRESH end

if #KEYS == 1 or not at or now - at > LOOK or at > now then
  local all = redis.call('HGETALL', gates)
  local spent = ARGV[3] == '1'
  here, known = 1, 1
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'g:' then
      local silent = now - (tonumber(all[i + 1]) or 0)
      if all[i] == me then
        spent = spent or #KEYS == 1 and silent > SILENT
      elseif silent > FORGOTTEN then
        redis.call('HDEL', gates, all[i])
      else
        known = known + 1
        if silent <= SILENT then here = here + 1 end
      end
    end
  end
  -- it may have taken its share of what was also taken here: nothing of a burst is left
  if spent and since < now then since = now end
  redis.call('HSET', gates, 'since', digits(since), 'at', digits(now), 'here', here, 'known', known)
  -- a call may come when its gate has given up waiting for it: that the gate lives is told by its heartbeat alone
  if #KEYS == 1 then redis.call('HSET', gates, me, digits(now)) end
end

-- of a rate is kept when it will be whole, when it last was, one call of it in µs, and how long it took at most to be whole
local function keep(i, arrival, dry, one, full)
  local text = digits(arrival) .. ':' .. dry .. ':' .. digits(one) .. ':' .. digits(full)
  redis.call('SET', KEYS[i], text, 'PX', math.ceil((arrival - now) / 1000) + 1000)
end

local refused, longest, late, observed = 0, 0, 0, 0
local taken = {}
for i = 2, #KEYS do
  local place = 4 + (i - 2) * 3
  local alone = tonumber(ARGV[place])
  -- a gate that is not heard of may count for itself: its share is not given to others
  local interval = math.ceil(alone * known / here)
  local burst = math.max(1, math.floor(tonumber(ARGV[place + 1]) * here / known))
  local whole = interval * burst
  local arrival, dry, was, full = string.match(kept[i] or '', '^(%d+):(%d+):?(%d*):?(%d*)$')
  was, full = math.max(1, tonumber(was) or alone), tonumber(full) or whole
  arrival = tonumber(arrival) or 0
  local last = math.max(now, since) + full
  local turned = arrival > last
  if turned then arrival = last end
  -- another rate counts as many calls as were taken, whatever each was worth there
  local mine = arrival
  if was ~= alone then mine = now + math.ceil(math.max(arrival - now, 0) / was * alone) end
  local faster = was > alone
  if faster then arrival, was, full = mine, alone, math.max(whole, mine - now) end
  -- a clock that was set back, or a rate that was raised: kept even if this is refused, so that the wait that is told comes to an
  -- end; for the other rates it is as many calls as before
  if (turned or faster) and arrival > now then keep(i, arrival, dry, was, full) end
  local wait = mine - (whole - interval) - now
  -- as long as nothing is taken it goes on filling up at the rate that was
  if was < alone then wait = math.ceil(wait * was / alone) end
  wait = math.max(wait, since + interval - now)
  mine = math.max(mine, since + whole)
  if wait <= 0 then
    -- taken while the burst was all but whole: what was taken before this is filled up again, and is not given back
    if mine - now < interval then dry = digits(now) end
    taken[i] = {math.max(mine, now) + interval, dry or '0', alone, whole}
  elseif ARGV[place + 2] == '1' then
    if late == 0 then late, observed = i - 1, wait end
  elseif wait > longest then
    refused, longest = i - 1, wait
  end
end
if refused > 0 then return {0, now, known, refused, longest, 0} end
local bits = 0
for i, to in pairs(taken) do
  keep(i, to[1], to[2], to[3], to[4])
  bits = bits + 2 ^ (i - 2)
end
return {1, now, known, late, observed, bits}
