-- The lines printed while a message is handled. They are the global `HANDLER_PRINT_LOGS`. Process API 9.1.
local concat, G, tostring, type = table.concat, _G, tostring, type

local import = ...
local colors = import(".colors")
local stringify = import(".stringify")

local format = stringify.format
local blue, green, red, reset = colors.blue, colors.green, colors.red, colors.reset

local log = {}

-- Starts the log of a message.
function log.reset()
  local lines = G.HANDLER_PRINT_LOGS
  if type(lines) ~= "table" or #lines > 0 then
    G.HANDLER_PRINT_LOGS = {}
  end
end

function log.append(line)
  local lines = G.HANDLER_PRINT_LOGS
  if type(lines) ~= "table" then
    lines = {}
    G.HANDLER_PRINT_LOGS = lines
  end
  lines[#lines + 1] = line
end

local append = log.append

-- The global `print`: one value, as a line.
function log.print(value)
  local kind = type(value)
  if kind == "string" then
    append(value)
  elseif kind == "table" then
    append(format(value))
  elseif kind == "number" then
    append(green .. tostring(value) .. reset)
  elseif kind == "boolean" then
    append(blue .. tostring(value) .. reset)
  elseif kind == "nil" then
    append(red .. "nil" .. reset)
  else
    append(tostring(value))
  end
  return nil
end

function log.text()
  local lines = G.HANDLER_PRINT_LOGS
  return type(lines) == "table" and concat(lines, "\n") or ""
end

return log
