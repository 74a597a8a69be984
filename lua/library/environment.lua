-- What a process is told about itself and its module, and what follows from it for `ao`. Process API 2.2, 3 and 12.1.
local G, gmatch, ipairs, rawset, remove, type = _G, string.gmatch, ipairs, rawset, table.remove, type

local import = ...
local emptyOutbox = import(".outbox").empty

-- Reads an environment once. Turns the tags of its process into a map, and keeps the array as `TagArray`.
-- User code may change `env` afterwards: the library goes by what is read here.
local function study(env)
  local process = env.Process
  local list = process.TagArray or process.Tags
  local tags, authorities = {}, {}
  for _, tag in ipairs(list) do
    if tags[tag.name] == nil then
      tags[tag.name] = tag.value
    end
    if tag.name == "Authority" then
      for address in gmatch(tag.value, "[^,]+") do
        authorities[#authorities + 1] = address
      end
    end
  end
  process.Tags, process.TagArray = tags, list
  return {
    env = env,
    id = process.Id,
    owner = process.Owner,
    name = tags.Name,
    parent = tags["From-Process"],
    module = tags.Module or "",
    authorities = authorities,
  }
end

local function includes(list, value)
  for index = 1, #list do
    if list[index] == value then
      return true
    end
  end
  return false
end

local function mergeAuthorities(ao, wanted)
  local current = ao.authorities
  if type(current) ~= "table" then
    current = {}
    ao.authorities = current
  end
  for index = 1, #wanted do
    local address = wanted[index]
    if current[index] ~= address and not includes(current, address) then
      current[#current + 1] = address
    end
  end
end

-- Makes `ao` ready for the next message.
local function apply(ao, known)
  if ao.id == "" then
    ao.id = known.id
  end
  if ao._module == "" then
    ao._module = known.module
  end
  mergeAuthorities(ao, known.authorities)
  ao.outbox = emptyOutbox()
  ao.env = known.env
end

-- Gives the state of another process to the one that `known` describes: a fork. What the environment of the former gave is
-- taken back; what user code has set stays. A fork belongs to who made it, or it could not be used.
local function rebind(ao, former, known)
  ao.id, ao._module, ao.env = known.id, known.module, known.env
  rawset(G, "Owner", known.parent or known.owner)
  if known.name then
    rawset(G, "Name", known.name)
  end
  local current = ao.authorities
  for index = type(current) == "table" and #current or 0, 1, -1 do
    local address = current[index]
    if includes(former.authorities, address) and not includes(known.authorities, address) then
      remove(current, index)
    end
  end
end

return { study = study, apply = apply, rebind = rebind, includes = includes }
