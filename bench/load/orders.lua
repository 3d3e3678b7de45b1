-- wrk asks for one order per request: a key that nobody used before, and one of `skus` goods.
-- Arguments: the run's own prefix for keys, the first good's number, how many goods.

local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init(args)
  prefix = args[1] .. "-" .. thread_number .. "-"
  first = tonumber(args[2])
  last = first + tonumber(args[3]) - 1
  count = 0
  math.randomseed(tonumber(args[4]) + thread_number)
  local head = "POST /api/v1/orders HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nContent-Type: application/json\r\nContent-Length: "
  local body = '{"lines":[{"sku":"BENCH-%d","quantity":1}],"currency":"GBP","contact":{"email":"buyer@example.org"}}'
  -- All goods have numbers of four digits, so the body's length is the same for all.
  template = head .. #body:format(first) .. "\r\nIdempotency-Key: %s%d\r\n\r\n" .. body
end

function request()
  count = count + 1
  return template:format(prefix, count, math.random(first, last))
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'BENCH {"answers":%d,"refused":%d,"broken":%d,"timeouts":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write, errors.timeout, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
