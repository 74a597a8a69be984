---@meta

---Ready patterns and handles. Also `Handlers.utils`.
---@class Handlers.Utils
---@field _version string Version of this interface.
local utils = {}

---Makes a pattern: messages that have a tag of exactly this value.
---
---```lua
---Handlers.add("ping", Handlers.utils.hasMatchingTag("Action", "Ping"), Handlers.utils.reply("pong"))
---```
---@param name string Name of the tag.
---@param value string Its value; the case of letters counts.
---@return fun(msg: ao.Message): boolean pattern
function utils.hasMatchingTag(name, value) end

---Makes a pattern: messages that have a tag of one of these values.
---@param name string Name of the tag.
---@param values string[] The values; the case of letters counts.
---@return fun(msg: ao.Message): boolean|number pattern
function utils.hasMatchingTagOf(name, values) end

---Makes a pattern: messages whose data is exactly this text.
---@param value string
---@return fun(msg: ao.Message): boolean pattern
function utils.hasMatchingData(value) end

---Makes a handle that answers every message alike.
---@param input string|ao.Outgoing The answer's data, or the answer.
---@return Handlers.Resolver handle
function utils.reply(input) end

---Makes a pattern that lets later handlers see the message too.
---@param pattern ao.Pattern Which messages.
---@return fun(msg: ao.Message): boolean|number|string pattern
function utils.continue(pattern) end

return utils
