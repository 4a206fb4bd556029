-- SPDX-License-Identifier: Apache-2.0
-- For wrk: sends the requests of a file in turn and prints what came of them as one line.
--     wrk ... -s requests.lua URL -- FILE SKIP       SKIP: how many of them are left out at first
-- A line of the file: method, path, headers ("Name: value", joined by \r\n as \1), body; tabs
-- between. All are built before the load, so every kind of request costs the client the same.
local requests, at = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      local method, path, heads, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
      local headers = {}
      for name, value in heads:gmatch("([^:\1]+): ([^\1]*)") do
         headers[name] = value
      end
      requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
   end
   at = tonumber(args[2]) % #requests
end

function request()
   at = at % #requests + 1
   return requests[at]
end

-- RESULT requests microseconds p50 p99 bytes errors: connect+read+write, status, timeout
function done(summary, latency)
   local e = summary.errors
   io.write(string.format("RESULT %d %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(99), summary.bytes,
      e.connect + e.read + e.write, e.status, e.timeout))
end
