-- Says whether a message meets a specification. Process API 7.
local find, gsub, lower, next, pairs, rawget, setmetatable, tostring, type =
  string.find, string.gsub, string.lower, next, pairs, rawget, setmetatable, tostring, type

local import = ...
local spelling = import(".names").spelling

-- A sender chooses the tags, so no tag may stand in for these.
local rootOnly = { From = true, Owner = true, Target = true, Id = true, Data = true }

local foldedMax = 256
local foldedCount = 0

-- Lower-cases the literal letters of a Lua pattern. The letter of a class such as `%D` keeps its case.
local function foldPattern(text)
  return (gsub(text, "(%%?)(.)", function(escape, character)
    if escape == "" then
      return lower(character)
    end
    return escape .. character
  end))
end

-- By pattern text: its folded form if it is a Lua pattern, false if it is compared as it stands.
local folded = setmetatable({}, {
  __index = function(remembered, text)
    if foldedCount >= foldedMax then
      for known in next, remembered do
        remembered[known] = nil
      end
      foldedCount = 0
    end
    foldedCount = foldedCount + 1
    local form = find(text, "[%^%$%(%)%%%.%[%]%*%+%?]") ~= nil and foldPattern(text)
    remembered[text] = form
    return form
  end,
})

local function matchesText(pattern, value)
  local kind = type(value)
  if kind == "number" then
    value = tostring(value)
  elseif kind ~= "string" then
    return false
  end
  local form = folded[pattern]
  if form then
    return find(lower(value), form) ~= nil
  end
  return value == pattern or lower(value) == lower(pattern)
end

local function matchesPattern(pattern, value, message)
  local kind = type(pattern)
  if not pattern then
    return false
  elseif pattern == "_" then
    return true
  elseif kind == "function" then
    return pattern(value, message) and true or false
  elseif kind == "string" then
    return matchesText(pattern, value)
  elseif kind == "table" then
    for _, element in pairs(pattern) do
      if matchesPattern(element, value, message) then
        return true
      end
    end
  end
  return false
end

-- Keys are compared in their exact case, except that `NextProcess` finds what is stored as `Nextprocess` (2.3).
local function lookUp(container, key)
  local value = rawget(container, key)
  if value == nil and type(key) == "string" and find(key, "%l%u") then
    value = rawget(container, spelling[key])
  end
  return value
end

-- What a message has from the start, but makes when someone reads it.
local lazy = { forward = true, reply = true, TagArray = true }

local function matchesKey(message, key, pattern)
  local value
  if lazy[key] then
    value = message[key]
  else
    value = lookUp(message, key)
  end
  local tags = message.Tags
  local tag
  if type(tags) == "table" and not rootOnly[key] then
    tag = lookUp(tags, key)
  end
  if value and matchesPattern(pattern, value, message) then
    return true
  end
  return tag and tag ~= value and matchesPattern(pattern, tag, message) or false
end

local function matchesSpec(message, spec)
  local kind = type(spec)
  if kind == "function" then
    return spec(message)
  elseif kind == "string" then
    return message.Action == spec
  elseif kind == "table" then
    for key, pattern in pairs(spec) do
      if not matchesKey(message, key, pattern) then
        return false
      end
    end
    return true
  end
  return false
end

return { matchesSpec = matchesSpec, matchesPattern = matchesPattern }
