-- The handlers that every process has: `_eval`, `_boot` and `_default`. They are there again on each message, whatever
-- user code did to the list. Process API 3, step 8.
local G, rawget, type = _G, rawget, type

local import = ...
local ao = import(".ao")
local createBoot = import(".boot")
local createDefault = import(".default")
local createEval = import(".eval")
local handlers = import(".handlers")

local add, append, once = handlers.add, handlers.append, handlers.once

local handles = {
  _eval = createEval(ao),
  _boot = createBoot(ao),
  _default = createDefault(function()
    return G.Inbox
  end),
}

local patterns = {}

function patterns._eval(message)
  return rawget(message, "Action") == "Eval" and G.Owner == message.From
end

function patterns._boot(message)
  return message.Tags.Type == "Process" and G.Owner == message.From
end

function patterns._default()
  return true
end

-- As `Handlers.add(name, pattern, handle)`, without its checks.
local function refresh(name, register)
  local list, pattern, handle = handlers.list, patterns[name], handles[name]
  for index = 1, type(list) == "table" and #list or 0 do
    local entry = list[index]
    if entry.name == name then
      entry.pattern, entry.handle, entry.maxRuns = pattern, handle, nil
      return
    end
  end
  register(name, pattern, handle)
end

return function(isProcessMessage)
  refresh("_eval", add)
  if isProcessMessage then
    once("_boot", patterns._boot, handles._boot)
  end
  refresh("_default", append)
end
