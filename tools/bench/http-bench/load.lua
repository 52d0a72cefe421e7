-- What wrk sends, by the environment: LOAD (hello, camera, list, reading or batch), TOKEN, CAMERAS (how many there are,
-- with ids from FIRST_CAMERA on), FIRST_SEQUENCE (above all that were sent before) and OBSERVED_AT. Prints one JSON object.

local load = os.getenv("LOAD")
local cameras = tonumber(os.getenv("CAMERAS") or "1")
local first_camera = tonumber(os.getenv("FIRST_CAMERA") or "1")
local sequence = tonumber(os.getenv("FIRST_SEQUENCE") or "1")
local observed_at = os.getenv("OBSERVED_AT")
local sent = 0

wrk.headers["Authorization"] = os.getenv("TOKEN") and "Bearer " .. os.getenv("TOKEN") or nil
wrk.headers["Content-Type"] = (load == "reading" or load == "batch") and "application/json" or nil

local function reading(number)
  return string.format(
    '{"sequence":%d,"observed_at":"%s","line":"entrance-%d","class":"person","count_in":%d,"count_out":%d,' ..
    '"confidence_score":0.87,"processing_time_ms":14.2,"ai_model_version":"yolo-n-416-2"}',
    number, observed_at, number % 2 + 1, number % 5, number % 4)
end

-- Requests go to the cameras in turn: two to one camera are never under way at once, so that sequences rise.
local function counts(readings)
  local list = {}
  for index = 1, readings do
    list[index] = reading(sequence)
    sequence = sequence + 1
  end
  local body = '{"source":"bench","readings":[' .. table.concat(list, ",") .. "]}"
  return wrk.format("POST", string.format("/api/v1/cameras/%d/counts", first_camera + sent % cameras), nil, body)
end

local requests = {
  hello = function() return wrk.format("GET", "/") end,
  camera = function() return wrk.format("GET", string.format("/api/v1/cameras/%d", first_camera + sent * 7919 % cameras)) end,
  list = function() return wrk.format("GET", "/api/v1/cameras?limit=10") end,
  reading = function() return counts(1) end,
  batch = function() return counts(100) end,
}

request = function()
  sent = sent + 1
  return requests[load]()
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50_us":%d,"p99_us":%d,"broken":%d,"refused":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
