-- `Dump` and `require(".dump")`: values as Lua text without colour. Process API 14.5.
local concat, error, find, format, ipairs, mathType, rep, tostring, type =
  table.concat, error, string.find, string.format, ipairs, math.type, string.rep, tostring, type

local import = ...
local sortedPairs = import(".sorted-pairs")

-- Deeper tables are not shown: text and time grow with the square of the depth, and more.
local depthMax = 100

local reserved = {}
for _, word in ipairs({
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
  "not", "or", "repeat", "return", "then", "true", "until", "while",
}) do
  reserved[word] = true
end

local function checkUnsigned(value, default, problem)
  if value == nil then
    return default
  elseif mathType(value) ~= "integer" or value < 0 then
    error(problem, 3)
  end
  return value
end

local function quoted(value)
  return format("%q", tostring(value))
end

local function keyText(context, key, depth)
  local use, plain = context.filter(key, depth, type(key), "key", nil, context.udata)
  local kind = type(use)
  if plain == true then
    return tostring(use)
  elseif kind == "number" or kind == "boolean" then
    return "[" .. tostring(use) .. "]"
  elseif kind == "string" and find(use, "^[%a_][%w_]*$") and not reserved[use] then
    return use
  end
  return "[" .. quoted(use) .. "]"
end

local valueText

-- The entries of a table whose entries lie at `depth`.
local function tableText(context, value, depth)
  local indent, feed = context.indent, context.feed
  local margin, closing = "", ""
  if indent > 0 then
    margin = rep(" ", indent * depth + context.padding)
    closing = rep(" ", indent * (depth - 1) + context.padding)
  end
  local lines = {}
  context.path[value] = true
  for key, member in sortedPairs(value) do
    local text = valueText(context, member, key, depth)
    if text ~= nil then
      lines[#lines + 1] = margin .. keyText(context, key, depth) .. " = " .. text
    end
  end
  context.path[value] = nil
  if #lines == 0 then
    return "{}"
  end
  return "{" .. feed .. concat(lines, "," .. feed) .. feed .. closing .. "}"
end

function valueText(context, value, key, depth)
  local kind = type(value)
  if kind == "table" and context.path[value] then
    local shown = "<Circular " .. tostring(value) .. ">"
    local replaced, plain = context.filter(value, depth, kind, "circular", key, context.udata)
    if replaced ~= value then
      shown = replaced
    end
    return plain == true and tostring(shown) or quoted(shown)
  end
  local use, plain = context.filter(value, depth, kind, "val", key, context.udata)
  kind = type(use)
  if use == nil then
    return nil
  elseif plain == true then
    return tostring(use)
  elseif kind == "table" then
    if context.path[use] then
      return quoted("<Circular " .. tostring(use) .. ">")
    elseif depth == depthMax then
      return quoted("<Nested too deeply>")
    end
    return tableText(context, use, depth + 1)
  elseif kind == "number" or kind == "boolean" then
    return tostring(use)
  end
  return quoted(use)
end

local function unfiltered(value)
  return value
end

return function(value, indent, padding, filter, udata)
  if filter ~= nil and type(filter) ~= "function" then
    error("filter must be function", 2)
  end
  local context = {
    indent = checkUnsigned(indent, 4, "indent must be unsigned integer"),
    padding = checkUnsigned(padding, 0, "padding must be unsigned integer"),
    filter = filter or unfiltered,
    udata = udata,
    path = {},
  }
  context.feed = context.indent == 0 and " " or "\n"
  local use, plain = context.filter(value, 0, type(value), "val", nil, udata)
  if type(use) == "table" and plain ~= true then
    return tableText(context, use, 1)
  end
  return plain == true and tostring(use) or quoted(use)
end
