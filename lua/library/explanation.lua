-- The part of an error's text that helps to act on it, in development mode: place, line, what was nil, callers, a hint.
local concat, find, format, match, sub, tonumber, type =
  table.concat, string.find, string.format, string.match, string.sub, tonumber, type

local import = ...
local colors = import(".colors")
local hints = import(".hints")
local lineOf = import(".sources").lineOf

local gray, green, reset = colors.gray, colors.green, colors.reset

local lineLengthMax = 160

local function clipped(line)
  return #line > lineLengthMax and sub(line, 1, lineLengthMax) .. "…" or line
end

-- A line of code with its number.
local function codeLine(mark, color, number, text)
  return format("%s%s %4d | %s%s", color, mark, number, clipped(text), reset)
end

local function position(frame)
  local isFile = find(frame.label, "%.lua$") ~= nil
  local place = isFile and frame.label .. ":" .. frame.line or "line " .. frame.line .. " of " .. frame.label
  return frame.name and place .. ", in " .. frame.name or place
end

local function describe(culprit)
  local value = culprit.value
  if value == nil then
    return format("`%s` is nil here.", culprit.text)
  elseif type(value) == "string" then
    return format('`%s` is the text "%s" here.', culprit.text, clipped(value))
  end
  return format("`%s` is a %s here.", culprit.text, type(value))
end

-- Explains an error by what was captured when it was raised.
local function explain(fault)
  local lines = {}
  local top = fault.frames[1]
  if top then
    lines[1] = gray .. "at " .. position(top) .. reset
    for distance = -1, 0 do
      local text = top.at(distance)
      if text then
        lines[#lines + 1] = codeLine(distance == 0 and ">" or " ", distance == 0 and reset or gray, top.line + distance, text)
      end
    end
  end
  if fault.culprit then
    lines[#lines + 1] = describe(fault.culprit)
  end
  for index = 2, #fault.frames do
    lines[#lines + 1] = gray .. "called from " .. position(fault.frames[index]) .. reset
  end
  if fault.handler and sub(fault.handler, 1, 1) ~= "_" then
    lines[#lines + 1] = gray .. 'while handler "' .. fault.handler .. '" had the message' .. reset
  end
  local hint = hints.forFault(fault)
  if hint then
    lines[#lines + 1] = green .. "hint: " .. reset .. hint
  end
  return concat(lines, "\n")
end

-- Explains why code does not compile.
local function explainSyntax(problem, code)
  local number = tonumber(match(problem, "^%[?[^\n]-:(%d+): "))
  local line = number and lineOf(code, number)
  if not line then
    return ""
  end
  local hint = hints.forSyntax(problem, line)
  return codeLine(">", reset, number, line) .. (hint and "\n" .. green .. "hint: " .. reset .. hint or "")
end

return { explain = explain, explainSyntax = explainSyntax }
