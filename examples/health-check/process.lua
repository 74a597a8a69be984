-- A process that can say how it is: since when it runs, what it has done, what failed and when it last did anything.
--
-- Ask with a dry run: it leaves no message in the log for ever. A process that watches another asks with a message; the
-- question is not counted.

-- `os.time` is the timestamp of the message that is being evaluated, here the Eval that loads this file: milliseconds.
-- `or` keeps what was counted when the file is loaded again.
Health = Health or { startedAt = os.time(), messages = 0, failures = 0, lastActivity = nil, lastFailure = nil }

-- Failures in the last so many messages make the process "degraded".
local recentMax = 10
local degradedFrom = 3
Recent = Recent or {} -- true for each failure, false for each success, oldest first

local function record(msg, failed, reason)
  Health.messages = Health.messages + 1
  Health.lastActivity = msg.Timestamp
  if failed then
    Health.failures = Health.failures + 1
    Health.lastFailure = { at = msg.Timestamp, action = msg.Action, reason = reason }
  end
  Recent[#Recent + 1] = failed
  if #Recent > recentMax then
    table.remove(Recent, 1)
  end
end

-- Adds a handler whose failures are counted. A Lua error that leaves a handler undoes the whole message, the count with
-- it; so it is caught here. What the handler changed before it failed stays, which is why it should check first.
local function addWatched(action, handle)
  Handlers.add(action, action, function(msg)
    local ok, problem = pcall(handle, msg)
    if ok then
      return record(msg, false)
    end
    -- Lua puts the place in front: [string "aos"]:12: text. The sender needs the text.
    local reason = tostring(problem):gsub("^%[string .-%]:%d+: ", "")
    record(msg, true, reason)
    msg.reply({ Action = action .. "-Error", Error = reason })
  end)
end

-- The work that is being watched.
addWatched("Square", function(msg)
  local number = tonumber(msg.Data)
  if not number then
    error("Data must be a number.")
  end
  msg.reply({ Action = "Squared", Data = string.format("%.14g", number * number) })
end)

Handlers.add("Health-Check", "Health-Check", function(msg)
  local failures = 0
  for _, failed in ipairs(Recent) do
    failures = failures + (failed and 1 or 0)
  end
  -- The question is not recorded: a process that is watched would never look idle.
  msg.reply({
    Action = "Health",
    Status = failures >= degradedFrom and "degraded" or "healthy",
    Data = {
      uptimeMs = msg.Timestamp - Health.startedAt,
      messages = Health.messages,
      failures = Health.failures,
      lastActivity = Health.lastActivity,
      lastFailure = Health.lastFailure,
      inbox = #Inbox,
    },
  })
end)
