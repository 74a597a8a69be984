---@meta

---Strings to hex digits, and back.
---@class crypto.utils.hex
local hex = {}

---Writes bytes as lower-case hex digits.
---@param text string
---@param perLine? integer Bytes in a line; all are in one if left out.
---@param separator? string What stands between the bytes of a line; nothing if left out.
---@return string
function hex.stringToHex(text, perLine, separator) end

---Reads hex digits; blanks are ignored. Anything else is an error.
---@param text string
---@param unsafe? boolean Whether to read on where there are no hex digits.
---@return string
function hex.hexToString(text, unsafe) end

return hex
