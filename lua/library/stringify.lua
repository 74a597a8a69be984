-- `require(".stringify")`: tables as coloured text for consoles. Process API 14.4.
local concat, ipairs, pairs, rep, sort, tostring, type =
  table.concat, ipairs, pairs, string.rep, table.sort, tostring, type

local import = ...
local colors = import(".colors")
local blue, green, red, reset = colors.blue, colors.green, colors.red, colors.reset

local stringify = { _version = "0.0.1" }

local function scalarText(value)
  if type(value) == "string" then
    return green .. '"' .. value .. '"' .. reset
  end
  return blue .. tostring(value) .. reset
end

-- Gives the number of elements of a table whose keys are exactly 1..n, and nil for any other table.
local function arrayLength(value)
  local count = 0
  for _ in pairs(value) do
    count = count + 1
    if value[count] == nil then
      return nil
    end
  end
  return count
end

function stringify.isSimpleArray(value)
  local length = arrayLength(value)
  if not length then
    return false
  end
  for index = 1, length do
    local kind = type(value[index])
    if kind ~= "string" and kind ~= "number" then
      return false
    end
  end
  return true
end

-- Numbers first, then by text: a table reads the same each time.
local function sortedKeys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  sort(keys, function(left, right)
    local leftNumber, rightNumber = type(left) == "number", type(right) == "number"
    if leftNumber and rightNumber then
      return left < right
    elseif leftNumber ~= rightNumber then
      return leftNumber
    end
    return tostring(left) < tostring(right)
  end)
  return keys
end

local formatTable

local function valueText(value, indent, path)
  if type(value) == "table" then
    return formatTable(value, indent, path)
  end
  return scalarText(value)
end

-- `path` holds the tables that enclose this one.
function formatTable(value, indent, path)
  if path[value] then
    return "<circular reference>"
  end
  path[value] = true
  local lines, text = {}, nil
  local length = arrayLength(value)
  if length and stringify.isSimpleArray(value) then
    for index = 1, length do
      lines[index] = scalarText(value[index])
    end
    text = "{ " .. concat(lines, ", ") .. " }"
  elseif length then
    local margin = rep(" ", indent + 2)
    for index = 1, length do
      lines[index] = margin .. valueText(value[index], indent + 2, path)
    end
    text = "{\n" .. concat(lines, ",\n") .. "\n" .. rep(" ", indent) .. " }"
  else
    local margin = rep(" ", indent + 3)
    for index, key in ipairs(sortedKeys(value)) do
      lines[index] = margin .. red .. tostring(key) .. reset .. " = " .. valueText(value[key], indent + 2, path)
    end
    text = "{\n" .. concat(lines, ",\n") .. "\n" .. rep(" ", indent) .. "}"
  end
  path[value] = nil
  return text
end

function stringify.format(value, indent)
  return formatTable(value, indent or 0, {})
end

return stringify
