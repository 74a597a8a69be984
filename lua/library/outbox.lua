-- What a message sends. An entry of `ao.outbox.Messages` reads as `{ Target, Data, Anchor, Tags = { {name, value} } }`.
--
-- Most entries are never looked at, so an entry whose tags are all strings keeps them flat under a key of its own, as
-- `name, 1, value, name, 1, value, …`, ready for `string.pack`. The tables come to be when someone reads `Tags`.
local next, pairs, rawget, rawset, setmetatable, type = next, pairs, rawget, rawset, setmetatable, type

local import = ...
local share = import(".clone").share

local flatKey = {}

-- The tags that stand before the flat ones.
local constantTags = { "Data-Protocol", "ao", "Variant", "ao.TN.1", "Type", "Message" }

-- Appends the triples `flat[1 .. last]` to `tags` as tables.
local function expand(tags, flat, last)
  local count = #tags
  for index = 1, last, 3 do
    count = count + 1
    tags[count] = { name = flat[index], value = flat[index + 2] }
  end
  return tags
end

local function messageTags(flat, last)
  local tags = {}
  for index = 1, #constantTags, 2 do
    tags[#tags + 1] = { name = constantTags[index], value = constantTags[index + 1] }
  end
  return expand(tags, flat, last)
end

local function unfold(entry)
  local flat = rawget(entry, flatKey)
  rawset(entry, flatKey, nil)
  setmetatable(entry, nil)
  if flat then
    rawset(entry, "Tags", messageTags(flat, #flat))
  end
end

local entryMeta = share({
  __index = function(entry, key)
    if key == "Tags" then
      unfold(entry)
      return rawget(entry, "Tags")
    end
  end,
  __newindex = function(entry, key, value)
    unfold(entry)
    entry[key] = value
  end,
  __pairs = function(entry)
    unfold(entry)
    return next, entry, nil
  end,
})

-- Root keys of a sent message that do not become tags.
local notTags = { Target = true, Data = true, Anchor = true, Tags = true, From = true }

-- Appends root keys and `Tags` of a message to `flat` as triples after index `last`.
-- Gives the new last index, and whether all of them are strings.
local function flatten(message, flat, last)
  local plain = true
  for name, value in pairs(message) do
    if not notTags[name] then
      flat[last + 1], flat[last + 2], flat[last + 3] = name, 1, value
      last = last + 3
      if type(value) ~= "string" or type(name) ~= "string" then
        plain = false
      end
    end
  end
  local tags = message.Tags
  if tags == nil then
    return last, plain
  elseif tags[1] ~= nil then
    for index = 1, #tags do
      local name, value = tags[index].name, tags[index].value
      flat[last + 1], flat[last + 2], flat[last + 3] = name, 1, value
      last = last + 3
      if type(value) ~= "string" or type(name) ~= "string" then
        plain = false
      end
    end
    return last, plain
  end
  for name, value in pairs(tags) do
    flat[last + 1], flat[last + 2], flat[last + 3] = name, 1, value
    last = last + 3
    if type(value) ~= "string" or type(name) ~= "string" then
      plain = false
    end
  end
  return last, plain
end

-- Makes an entry for `ao.outbox.Messages`.
local function messageEntry(message, data, anchor, reference)
  -- The nils make room for three tags at once.
  local flat = { "Reference", 1, reference, nil, nil, nil, nil, nil, nil, nil, nil, nil }
  local last, plain = flatten(message, flat, 3)
  if plain then
    local entry = { Target = message.Target, Data = data, Anchor = anchor, [flatKey] = flat }
    return setmetatable(entry, entryMeta)
  end
  return { Target = message.Target, Data = data, Anchor = anchor, Tags = messageTags(flat, last) }
end

-- Makes an entry for `ao.outbox.Spawns`. `tags` are the ones that the library itself gives.
local function spawnEntry(message, data, anchor, tags)
  local flat = {}
  local last = flatten(message, flat, 0)
  return { Data = data, Anchor = anchor, Tags = expand(tags, flat, last) }
end

-- A copy of the tags of an entry, which stays as it is.
local function copyTags(entry)
  local flat = rawget(entry, flatKey)
  if flat then
    return messageTags(flat, #flat)
  end
  local tags = {}
  for index = 1, #entry.Tags do
    local tag = entry.Tags[index]
    tags[index] = { name = tag.name, value = tag.value }
  end
  return tags
end

local function empty()
  return { Output = {}, Messages = { nil, nil, nil, nil }, Spawns = {}, Assignments = {} }
end

return {
  flatKey = flatKey,
  constantTags = constantTags,
  messageEntry = messageEntry,
  spawnEntry = spawnEntry,
  copyTags = copyTags,
  empty = empty,
}
