---@meta

---Where a value stands that a filter of `Dump` gets.
---@alias Dump.Use "key"|"val"|"circular"

---Replaces or hides values while `Dump` writes them; nil leaves a value out. A second result of `true` writes the first
---as it is, without quotes and without looking into tables.
---@alias Dump.Filter fun(value: any, depth: integer, type: string, use: Dump.Use, key: any, udata: any): any, boolean?

---Writes a value as Lua code, without colour and with sorted keys: the same value gives the same text. Also
---`require(".dump")`.
---
---```lua
---print(Dump(Balances))
---```
---@param value any
---@param indent? integer Spaces for each level, 4 if left out. 0 writes all on one line.
---@param padding? integer Spaces before each line but the first; 0 if left out.
---@param filter? Dump.Filter Replaces or hides values.
---@param udata? any What the filter gets as its last argument.
---@return string text
function Dump(value, indent, padding, filter, udata) end

return Dump
