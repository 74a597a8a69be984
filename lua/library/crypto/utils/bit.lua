-- `utils.bit`: the functions of `bit32`. Process API 14.7.
local bit32, pairs = bit32, pairs

local bit = {}
for name, operation in pairs(bit32) do
  bit[name] = operation
end

return bit
