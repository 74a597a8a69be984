---@meta

---Tables as plain lines.
---@class pretty
local pretty = {}

---Writes a table as lines of `key: value`. What is in a nested table follows, one space further in.
---@param value table
---@param indent? integer Spaces before the lines of the first level; 0 if left out.
---@return string text Each line ends in a newline.
function pretty.tprint(value, indent) end

return pretty
