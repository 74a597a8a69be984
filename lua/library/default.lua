-- `require(".default")`: what happens to a message that no handler took. Process API 11.1.
local remove, sub, tostring, type = table.remove, string.sub, tostring, type

local import = ...
local colors = import(".colors")
local append = import(".print-log").append
local encode = import("json").encode

local blue, gray, green, reset = colors.blue, colors.gray, colors.green, colors.reset

local inboxMax = 10000
local shownMax = 20

local function shown(value)
  if value == nil then
    return ""
  elseif type(value) == "table" then
    value = encode(value)
  end
  return sub(tostring(value), 1, shownMax)
end

local function shortAddress(address)
  if address == nil then
    return "unknown"
  end
  local text = tostring(address)
  return sub(text, 1, 3) .. "..." .. sub(text, -3)
end

-- Takes a function that gives the inbox; gives the handle.
return function(getInbox)
  return function(message)
    local inbox = getInbox()
    inbox[#inbox + 1] = message
    while #inbox > inboxMax do
      remove(inbox, 1)
    end
    local line = gray .. "New Message From " .. green .. shortAddress(message.From) .. gray .. ": " .. gray
    if message.Action then
      append(line .. "Action = " .. blue .. shown(message.Action) .. reset)
    else
      append(line .. "Data = " .. blue .. shown(message.Data) .. reset)
    end
  end
end
