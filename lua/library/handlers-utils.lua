-- `Handlers.utils` and `require(".handlers-utils")`: ready patterns and handles. Process API 6.5.
local error, pairs, type = error, pairs, type

local import = ...
local matchesSpec = import(".matching").matchesSpec

local utils = { _version = "0.0.2" }

function utils.hasMatchingTag(name, value)
  if type(name) ~= "string" or type(value) ~= "string" then
    error("invalid arguments: (name : string, value : string)", 0)
  end
  return function(message)
    return message.Tags[name] == value
  end
end

function utils.hasMatchingTagOf(name, values)
  if type(name) ~= "string" or type(values) ~= "table" then
    error("invalid arguments: (name : string, values : string[])", 0)
  end
  return function(message)
    local given = message.Tags[name]
    for _, value in pairs(values) do
      if given == value then
        return true
      end
    end
    return 0
  end
end

function utils.hasMatchingData(value)
  if type(value) ~= "string" then
    error("invalid arguments: (value : string)", 0)
  end
  return function(message)
    return message.Data == value
  end
end

-- Each call replies with a table of its own, so that no answer goes to the sender before.
function utils.reply(input)
  local kind = type(input)
  if kind ~= "table" and kind ~= "string" then
    error("invalid arguments: (input : table or string)", 0)
  end
  return function(message)
    local answer = {}
    if kind == "string" then
      answer.Data = input
    else
      for key, value in pairs(input) do
        answer[key] = value
      end
    end
    message.reply(answer)
  end
end

utils["continue"] = function(pattern)
  return function(message)
    local verdict = matchesSpec(message, pattern)
    if not verdict or verdict == 0 or verdict == "skip" then
      return verdict
    end
    return 1
  end
end

return utils
