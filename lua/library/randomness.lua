-- `math.random` from the generator that the first message seeds. Process API 13.
local byte, G, math, select, tonumber = string.byte, _G, math, select, tonumber

local import = ...
local chance = import(".chance")

local function random(...)
  local count = select("#", ...)
  if count == 1 then
    return chance.integer(1, (...))
  elseif count == 2 then
    return chance.integer(...)
  end
  return chance.random()
end

-- `math.randomseed` stays what it is: it has no hold on this generator.
math.random = random

local seeded = false

-- Only the first message of a process ever does this. A field that it lacks fails it (class E).
return function(message)
  if seeded then
    return
  end
  local height = message["Block-Height"] .. ""
  local letters = message.Owner .. message.Module .. message.Id
  local sum = 0
  for index = 1, #letters do
    sum = sum + byte(letters, index)
  end
  chance.seed(tonumber(height .. sum))
  seeded = true
  G.Seeded = true
end
