-- Makes the requests that wrk sends for one operation, and prints its figures as one line of JSON.
-- Arguments: the operation, then a file with one token per line, then one with one slug per line;
-- for "get" the first file is optional, and the second is not used.

local operation, tokens, slugs
local number = 0

local function lines(path)
    local found = {}
    for line in io.lines(path) do
        found[#found + 1] = line
    end
    return found
end

function init(arguments)
    operation = arguments[1]
    tokens = arguments[2] and lines(arguments[2])
    slugs = arguments[3] and lines(arguments[3])
end

local function send(method, path, token, body)
    local headers = { ["Authorization"] = "Token " .. token }
    if body then
        headers["Content-Type"] = "application/json"
    end
    return wrk.format(method, path, headers, body)
end

function request()
    if operation == "get" then
        return tokens and send("GET", wrk.path, tokens[1]) or wrk.format("GET")
    end
    number = number + 1
    local token = tokens[number % #tokens + 1]
    local slug = slugs[number % #slugs + 1]
    if operation == "create_article" then
        -- wrk runs once for each round: the time makes the titles of two rounds different.
        local title = "Bench " .. os.time() .. " " .. number
        return send("POST", "/api/articles", token,
            '{"article":{"title":"' .. title .. '","description":"One of many",'
            .. '"body":"' .. string.rep("word ", 100) .. '","tagList":["bench","speed"]}}')
    elseif operation == "favorite" then
        -- One user favorites all articles, and then unfavorites all of them; then the next user.
        local turn = math.floor((number - 1) / #slugs)
        token = tokens[math.floor(turn / 2) % #tokens + 1]
        return send(turn % 2 == 0 and "POST" or "DELETE", "/api/articles/" .. slug .. "/favorite", token)
    elseif operation == "comment" then
        return send("POST", "/api/articles/" .. slug .. "/comments", token,
            '{"comment":{"body":"' .. string.rep("word ", 20) .. '"}}')
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d, "status": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
