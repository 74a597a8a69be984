---@meta

---A message that the process takes although it was sent to somebody else.
---@class ao.Assignable
---@field pattern ao.Pattern Which messages.
---@field name? string What `ao.removeAssignable` calls it.

---Who this process is, and what it sends. Also `require("ao")` and `require(".ao")`.
---@class ao
---@field _version string Version of this interface.
---@field id string Id of this process.
---@field _module string Id of its module. What `Spawn` takes if it is given none.
---@field authorities string[] Addresses trusted to deliver what processes send. Those of `Authority` tags come back.
---@field reference integer How many messages and processes this process has sent. The last `Reference`.
---@field outbox ao.Outbox What the present message has sent so far.
---@field env ao.Environment Who the process is, in full.
---@field Nonce? integer Nonce of the last message that succeeded.
---@field assignables ao.Assignable[] Which messages to others are taken. `ao.addAssignable` adds to it.
---@field nonExtractableTags string[] Names of tags that do not become fields of a message.
---@field nonForwardableTags string[] Names of fields that `msg.forward` and `ao.sanitize` leave out.
ao = {}

---Sends a message. It leaves when the present message has succeeded; if that fails, nothing is sent.
---
---```lua
---ao.send({ Target = address, Action = "Credit-Notice", Quantity = "100" })
---```
---@param message ao.Outgoing The message. If its `Data` is a table, its JSON is written into this table.
---@return ao.Sent sent For `receive` and `onReply`.
function ao.send(message) end

---Spawns a process.
---
---```lua
---local child = ao.spawn(ao._module, { Name = "child", Authority = ao.authorities[1] }).receive().Process
---```
---@param module string Id of the module. `ao._module` is that of this process.
---@param message ao.SpawnRequest Data and tags of the new process.
---@return ao.Spawned spawned For `receive` and `onReply`.
function ao.spawn(module, message) end

---Has processes get a message that is not theirs. They take it if they have made it assignable.
---@param request ao.Assignment Which message, and which processes.
function ao.assign(request) end

---Says whether an authority of this process stands behind a message. Messages that their sender signed need none.
---@param message ao.Message
---@return boolean
function ao.isTrusted(message) end

---Says whether a message was sent to another process or address.
---@param message ao.Message
---@return boolean
function ao.isAssignment(message) end

---Says whether one of `ao.assignables` matches a message.
---@param message ao.Message
---@return boolean
function ao.isAssignable(message) end

---Lets the process take messages that were sent to others and are assigned to it. By default it takes none.
---
---```lua
---ao.addAssignable("notices", { Action = "Credit-Notice" })
---```
---@overload fun(pattern: ao.Pattern)
---@param name string What to call it. The pattern of an earlier one of this name is replaced.
---@param pattern ao.Pattern Which messages.
function ao.addAssignable(name, pattern) end

---Takes back what `ao.addAssignable` did. An unknown name has no effect.
---@param nameOrIndex string|integer Its name, or its place in `ao.assignables`.
function ao.removeAssignable(nameOrIndex) end

---Makes the result of a message out of the outbox. Handlers do not need it.
---@param result { Error?: any, Output?: any } What takes the place of what the outbox has.
---@return { Error?: any, Output?: any, Messages?: table[], Spawns?: table[], Assignments?: ao.Assignment[] }
function ao.result(result) end

---Prints a value, and notes it in `ao.outbox.Output`.
---@param value any
function ao.log(value) end

---Takes back all that the present message has sent so far.
function ao.clearOutbox() end

---Takes the identity and the authorities from an environment. This happens with each message; handlers do not need it.
---@param env ao.Environment
function ao.init(env) end

---Copies the tags of a message to its root, but for `ao.nonExtractableTags`. Received messages have been through it.
---@param message table A message whose `Tags` are a list.
---@return table message The same table.
function ao.normalize(message) end

---Copies a message without what must not be sent on: `ao.nonForwardableTags`.
---@param message ao.Message
---@return ao.Outgoing copy
function ao.sanitize(message) end

---Copies a value in depth: tables, their keys and their metatables.
---@generic T
---@param value T
---@return T copy
function ao.clone(value) end

---Reserved for hints about routes. Does nothing.
function ao.registerHint() end

return ao
