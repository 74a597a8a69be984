-- Deep copies. The metatables of the library itself are shared, never copied.
local getmetatable, pairs, setmetatable, type = getmetatable, pairs, setmetatable, type

local shared = setmetatable({}, { __mode = "k" })

local function share(metatable)
  shared[metatable] = true
  return metatable
end

local function clone(value, copies)
  if type(value) ~= "table" then
    return value
  elseif copies[value] then
    return copies[value]
  end
  local copy = {}
  copies[value] = copy
  for key, member in pairs(value) do
    copy[clone(key, copies)] = clone(member, copies)
  end
  local metatable = getmetatable(value)
  if type(metatable) == "table" then
    setmetatable(copy, shared[metatable] and metatable or clone(metatable, copies))
  end
  return copy
end

local function isShared(metatable)
  return shared[metatable] == true
end

return {
  share = share,
  isShared = isShared,
  clone = function(value)
    return clone(value, {})
  end,
}
