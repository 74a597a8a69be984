---@meta

---The functions of `bit32`.
---@class crypto.utils.bit: bit32lib
local bit = {}

return bit
