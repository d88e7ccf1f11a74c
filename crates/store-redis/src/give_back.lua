-- Gives back what was taken for a call that was refused after all, or not sent. KEYS: its rates. ARGV[1]: the server's time in µs when
-- they were taken; then the interval of each in µs, where what is kept does not say what a call is worth there.
-- What has filled up since is not given back, so that no burst is longer than it may be.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
for i = 1, #KEYS do
  local arrival, dry, one, full = string.match(redis.call('GET', KEYS[i]) or '', '^(%d+):(%d+):?(%d*):?(%d*)$')
  if arrival and tonumber(dry) <= tonumber(ARGV[1]) then
    arrival = tonumber(arrival) - (tonumber(one) or tonumber(ARGV[i + 1]))
    if arrival <= now then
      redis.call('DEL', KEYS[i])
    else
      local text = string.format('%.0f:%.0f:%s:%s', arrival, now, one, full)
      redis.call('SET', KEYS[i], text, 'PX', math.ceil((arrival - now) / 1000) + 1000)
    end
  end
end
return 1
