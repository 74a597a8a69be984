-- What a result says when a handler failed. Process API 15.
local G, getmetatable, rawget, tostring, type = _G, getmetatable, rawget, tostring, type

local import = ...
local colors = import(".colors")
local development = import(".development")
local dump = import(".dump")
local log = import(".print-log")

local append, logText = log.append, log.text
local gray, green, red, reset = colors.gray, colors.green, colors.red, colors.reset

-- The text of anything that was raised.
local function problemText(problem)
  if type(problem) == "table" then
    local metatable = getmetatable(problem)
    if type(metatable) ~= "table" or not rawget(metatable, "__tostring") then
      return dump(problem, 0)
    end
  end
  return tostring(problem)
end

local function describe(message, text, trace)
  local action = message.Action
  local header = red .. "Error" .. gray .. " handling message "
  if action then
    header = header .. "with Action = " .. tostring(action)
  end
  append(header .. reset)
  append(green .. text .. reset)
  append("\n" .. gray .. tostring(trace) .. reset)
end

-- Gives the result's `Error`: class B for Evals, D for other messages.
-- `worker` died of it, running `evaluate`.
return function(message, problem, trace, worker, evaluate)
  local text = problemText(problem)
  if message.Action == "Eval" then
    if type(G.Errors) == "table" then
      G.Errors[#G.Errors + 1] = text
    end
  else
    describe(message, text, trace)
  end
  local explanation = development.isOn and development.explain(problem, worker, evaluate) or ""
  return logText() .. "\n\n" .. red .. "error:\n" .. reset .. text .. explanation
end
