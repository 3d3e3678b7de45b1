-- wrk places an order and pays it with the next request: what a placed order's answer tells waits in a queue, and
-- whatever waits is paid before anything else is placed, so that the two take turns on the connections.
-- Arguments: the run's own prefix for keys, the first good's number, how many goods, a seed, the file of the balances'
-- tokens, and the file for the numbers of the orders whose payment was acknowledged.

local threads = {}

function setup(thread)
  thread:set("thread_number", #threads)
  table.insert(threads, thread)
end

function init(args)
  prefix = args[1] .. "-" .. thread_number .. "-"
  first = tonumber(args[2])
  last = first + tonumber(args[3]) - 1
  math.randomseed(tonumber(args[4]) + thread_number)
  count, placed, waiting, waiting_first, waiting_last, paid = 0, 0, {}, 1, 0, {}
  refused_as = ""
  args_out = args[6]
  tokens = {}
  for token in io.lines(args[5]) do
    table.insert(tokens, token)
  end
  local host = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\nContent-Type: application/json\r\n"
  local order = '{"lines":[{"sku":"BENCH-%d","quantity":1}],"currency":"GBP","contact":{"email":"buyer@example.org"}}'
  local payment = '{"method":"balance.instant","balance_token":"%s"}'
  -- All goods have numbers of four digits, and all tokens one length, so the bodies' lengths are always the same.
  place = "POST /api/v1/orders" .. host .. "Content-Length: " .. #order:format(first) ..
    "\r\nIdempotency-Key: %s%d\r\n\r\n" .. order
  pay = "POST /api/v1/orders/%s/payments" .. host .. "Content-Length: " .. #payment:format(tokens[1]) ..
    "\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s%d\r\n\r\n" .. payment
end

function request()
  count = count + 1
  if waiting_first > waiting_last then
    return place:format(prefix, count, math.random(first, last))
  end
  local order = waiting[waiting_first]
  waiting[waiting_first] = nil
  waiting_first = waiting_first + 1
  return pay:format(order[1], order[2], prefix, count, tokens[math.random(#tokens)])
end

-- Fields are cut out where the shop's answers have them; an answer of another form is neither, and the run fails.
function response(status, headers, body)
  if status ~= 201 then
    refused_as = status .. " " .. body:sub(1, 300)
  elseif body:sub(-40, -25) == '"access_token":"' then
    placed = placed + 1
    waiting_last = waiting_last + 1
    waiting[waiting_last] = {body:sub(12, 26), body:sub(-24, -3)}
  elseif body:sub(27, 37) == '","order":"' then
    table.insert(paid, body:sub(38, 52))
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local placed, paid, refused_as = 0, 0, ""
  local file = assert(io.open(threads[1]:get("args_out"), "w"))
  for _, thread in ipairs(threads) do
    placed = placed + thread:get("placed")
    refused_as = refused_as .. thread:get("refused_as")
    for _, number in ipairs(thread:get("paid")) do
      paid = paid + 1
      file:write(number, "\n")
    end
  end
  file:close()
  if refused_as ~= "" then
    io.write("The last refusal: " .. refused_as .. "\n")
  end
  io.write(string.format(
    'BENCH {"answers":%d,"placed":%d,"paid":%d,"refused":%d,"broken":%d,"timeouts":%d,"duration_us":%d,' ..
    '"p50_us":%d,"p99_us":%d}\n',
    summary.requests, placed, paid, errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
