---@meta

---Makes the handle `_default`: puts the message into an inbox, and prints a line about it.
---@param getInbox fun(): ao.Message[] Gives the inbox.
---@return Handlers.Resolver handle
local function createDefault(getInbox) end

return createDefault
