-- `require(".stringify")`: tables as coloured text for consoles. Process API 14.4.
local concat, pairs, rep, tostring, type = table.concat, pairs, string.rep, tostring, type

local import = ...
local colors = import(".colors")
local sortedPairs = import(".sorted-pairs")
local blue, green, red, reset = colors.blue, colors.green, colors.red, colors.reset

local stringify = { _version = "0.0.1" }

-- Deeper tables are not shown: text and time grow with the square of the depth, and more.
local depthMax = 100

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

local formatTable

local function valueText(value, indent, path, depth)
  if type(value) == "table" then
    return formatTable(value, indent, path, depth)
  end
  return scalarText(value)
end

-- `path` holds the tables that enclose this one, `depth` of them.
function formatTable(value, indent, path, depth)
  if path[value] then
    return "<circular reference>"
  elseif depth == depthMax then
    return "<nested too deeply>"
  end
  path[value] = true
  depth = depth + 1
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
      lines[index] = margin .. valueText(value[index], indent + 2, path, depth)
    end
    text = "{\n" .. concat(lines, ",\n") .. "\n" .. rep(" ", indent) .. " }"
  else
    local margin = rep(" ", indent + 3)
    for key, member in sortedPairs(value) do
      local text = valueText(member, indent + 2, path, depth)
      lines[#lines + 1] = margin .. red .. tostring(key) .. reset .. " = " .. text
    end
    text = "{\n" .. concat(lines, ",\n") .. "\n" .. rep(" ", indent) .. "}"
  end
  path[value] = nil
  return text
end

function stringify.format(value, indent)
  return valueText(value, indent or 0, {}, 0)
end

return stringify
