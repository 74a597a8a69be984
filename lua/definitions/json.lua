---@meta

---JSON texts from Lua values, and back. Also `require("json")`.
---@class json
---@field _version string Version of this interface.
json = {}

---Writes a value as JSON.
---
---A table with an element at 1 is an array, and so is an empty one: `{}` becomes `[]`. Other tables need strings as
---keys. Numbers have 14 digits: send large integers as strings. Cycles, gaps in arrays, NaN and infinities are errors.
---@param value any
---@return string text
function json.encode(value) end

---Reads JSON. `null` becomes nil: such fields vanish, and arrays get gaps. What is no JSON is an error that says where.
---
---```lua
---local ok, order = pcall(json.decode, msg.Data)
---```
---@param text string
---@return any value
function json.decode(text) end

return json
