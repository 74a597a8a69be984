---@meta

---Tables as coloured text for consoles: what `print` shows.
---@class stringify
---@field _version string Version of this interface.
local stringify = {}

---Writes a value in colour, tables with their entries in order.
---@param value any
---@param indent? integer Spaces before each line but the first; 0 if left out.
---@return string text
function stringify.format(value, indent) end

---Says whether a table is a list of nothing but strings and numbers. Such a list takes one line.
---@param value table
---@return boolean
function stringify.isSimpleArray(value) end

return stringify
