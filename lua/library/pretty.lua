-- `require(".pretty")`: tables as plain lines. Process API 14.4.
local concat, rep, tostring, type = table.concat, string.rep, tostring, type

local import = ...
local sortedPairs = import(".sorted-pairs")

local pretty = {}

-- Deeper tables are not shown: text and time grow with the square of the depth, and more.
local depthMax = 100

-- `path` holds the tables that enclose this one, `depth` of them.
local function write(lines, value, indent, path, depth)
  path[value] = true
  for key, member in sortedPairs(value) do
    local isTable = type(member) == "table"
    local text = isTable and "" or tostring(member)
    if isTable and path[member] then
      text = "<circular reference>"
    elseif isTable and depth == depthMax then
      text = "<nested too deeply>"
    end
    lines[#lines + 1] = rep(" ", indent) .. tostring(key) .. ": " .. text .. "\n"
    if isTable and text == "" then
      write(lines, member, indent + 1, path, depth + 1)
    end
  end
  path[value] = nil
end

-- Gives a line for each entry, `key: value`, each ended by a newline. The entries of a nested table follow its own
-- line, one space further in. `indent` is how many spaces the first level has.
function pretty.tprint(value, indent)
  local lines = {}
  write(lines, value, indent or 0, {}, 1)
  return concat(lines)
end

return pretty
