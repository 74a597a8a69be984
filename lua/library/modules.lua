-- What `require` finds. Process API 14.
local find, ipairs, package = string.find, ipairs, package

local import, _, exists = ...
local loaded = package.loaded

-- Ready at once, because every process needs them.
local ready = {
  ".ao", ".assignment", ".boot", ".chance", ".default", ".dump", ".eval", ".handlers", ".handlers-utils", ".process",
  ".stringify", ".utils", "json",
}

-- Loaded when they are asked for; and so are the parts of `.crypto`.
local onDemand = { ".base64", ".bint", ".pretty", "crdt" }

for _, name in ipairs(ready) do
  loaded[name] = import(name)
end
loaded.ao = import(".ao")

local isPublic = {}
for _, list in ipairs({ ready, onDemand }) do
  for _, name in ipairs(list) do
    isPublic[name] = true
  end
end

local function isPublicName(name)
  return isPublic[name] or find(name, "^%.crypto%.") ~= nil
end

local function searchPreloaded(name)
  local loader = package.preload[name]
  if loader == nil then
    return "\n\tno field package.preload['" .. name .. "']"
  end
  return loader, ":preload:"
end

-- A module of the library, also by the name of its folder: `.crypto` is `.crypto.init`.
local function searchLibrary(name)
  for _, candidate in ipairs({ name, name .. ".init" }) do
    if isPublicName(candidate) and exists(candidate) then
      return function()
        return import(candidate)
      end, candidate
    end
  end
end

package.searchers = { searchPreloaded, searchLibrary }
