-- `require(".crypto").random`: a number between bounds, from ISAAC. Process API 14.7.
local format, tostring, type = string.format, tostring, type

local import = ...
local input = import(".crypto.input")
local isaac = import(".crypto.isaac")

-- Gives a number from `min` to `max`, both included: 0 and 2^31 - 1 if left out.
--
-- The same seed gives the same number. Without a seed it is the same number each time for the same bounds, so a process
-- that wants chance has to give a seed that nobody foresees.
return function(min, max, seed)
  min, max = min or 0, max or 2 ^ 31 - 1
  if type(min) ~= "number" or type(max) ~= "number" or not (max - min + 1 >= 1) then
    local given = tostring(min) .. " and " .. tostring(max)
    input.fail(format("crypto.random: min and max must be numbers, min not above max; %s were given", given))
  end
  if seed ~= nil then
    seed = input.text("random", "the seed", type(seed) == "number" and tostring(seed) or seed)
  end
  return isaac(seed)() % (max - min + 1) + min
end
