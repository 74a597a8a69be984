---@meta

---What the rest of `.crypto` takes and gives: streams, arrays of bytes, and hex digits.
---@class crypto.utils
---@field array crypto.utils.array Arrays of bytes.
---@field stream crypto.utils.stream Functions that give the next byte.
---@field hex crypto.utils.hex Strings to hex digits, and back.
---@field queue fun(): crypto.Queue Makes a queue.
---@field bit crypto.utils.bit The functions of `bit32`.
local utils = {}

return utils
