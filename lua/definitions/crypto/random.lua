---@meta

---Gives a number that the seed decides. The same seed gives the same number, and no seed always the same one: a process
---that wants chance needs a seed that nobody foresees.
---@param min? number Smallest number; 0 if left out.
---@param max? number Largest number; 2^31 - 1 if left out.
---@param seed? string|number
---@return number
local function random(min, max, seed) end

return random
