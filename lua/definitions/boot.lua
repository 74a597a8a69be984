---@meta

---Makes the handle `_boot`: what a process does with its own first message.
---@param ao ao
---@return Handlers.Resolver handle
local function createBoot(ao) end

return createBoot
