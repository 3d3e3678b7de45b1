-- wrk tells the shop of payments, as their provider does: one line of a file for each request, each only once.
-- Arguments, behind the four that every script is given: the path, and the file, whose lines are a signature, a tab, and the body that was signed.

function init(args)
  head = "POST " .. args[5] .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nContent-Type: application/json\r\nSandbox-Signature: "
  lines = io.lines(args[6])
end

function request()
  local line = lines()
  if line == nil then
    -- Nothing is told twice; the run is over, and who is asked for one more request asks for something harmless.
    wrk.thread:stop()
    return "GET /healthz HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n\r\n"
  end
  local tab = line:find("\t", 1, true)
  local body = line:sub(tab + 1)
  return head .. line:sub(1, tab - 1) .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'BENCH {"answers":%d,"refused":%d,"broken":%d,"timeouts":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write, errors.timeout, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
