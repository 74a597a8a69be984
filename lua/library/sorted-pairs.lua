-- Walks over a table, for texts that read the same each time: numbers first, in order, then other keys by their text.
local pairs, sort, tostring, type = pairs, table.sort, tostring, type

local function before(left, right)
  local leftKind, rightKind = type(left), type(right)
  if leftKind == "number" and rightKind == "number" then
    return left < right
  elseif leftKind == "number" or rightKind == "number" then
    return leftKind == "number"
  end
  local leftText, rightText = tostring(left), tostring(right)
  if leftText == rightText then
    return leftKind < rightKind
  end
  return leftText < rightText
end

-- `for key, member in sortedPairs(value) do`
return function(value)
  local keys, members, count = {}, {}, 0
  for key, member in pairs(value) do
    count = count + 1
    keys[count], members[key] = key, member
  end
  sort(keys, before)
  local index = 0
  return function()
    index = index + 1
    local key = keys[index]
    return key, members[key]
  end
end
