---@meta

---The generator behind `math.random`: numbers that are the same on every replica, and that anybody can compute.
---@class chance
---@field _version string Version of this interface.
local chance = {}

---Starts the generator again. From then on `math.random` follows this seed too.
---@param seed number A whole number; 32 bits of it count.
function chance.seed(seed) end

---Gives the next number, at least 0 and below 1. Before the first message it is always 0.5.
---@return number
function chance.random() end

---Gives a whole number, both bounds included.
---@param low integer
---@param high integer
---@return integer
function chance.integer(low, high) end

return chance
