---@meta

---A function that does something with a message. What it returns does not matter. An error undoes the whole message,
---and the sender hears nothing: answer a refusal with `msg.reply`.
---@alias Handlers.Resolver fun(msg: ao.Message, env: ao.Environment)

---What a handler does with a message that its pattern took: a function, or a table from patterns to functions, of which
---the first that matches runs.
---@alias Handlers.Handle Handlers.Resolver|table<ao.Pattern, Handlers.Resolver>

---One handler in `Handlers.list`.
---@class Handlers.Entry
---@field name string Its name.
---@field pattern ao.Pattern Which messages it takes.
---@field handle Handlers.Resolver What it does with them.
---@field maxRuns? integer|"inf" How often it will still run; for ever if nil or `"inf"`.

---A place in the list, as `Handlers.before` and `Handlers.after` give it.
---@class Handlers.Position
local Position = {}

---Puts a new handler at this place. Does nothing if the handler that names the place is not there.
---@overload fun(action: string, handle: Handlers.Handle)
---@param name string What to call it. An existing handler of this name stays as it is.
---@param pattern ao.Pattern Which messages it takes.
---@param handle Handlers.Handle What it does with them.
---@param maxRuns? integer|"inf" How often it runs before it is removed.
function Position.add(name, pattern, handle, maxRuns) end

---The handlers of this process. A message is offered to them in the order of the list, until one takes it and ends the
---pass. There are two from the start: `_eval` runs the owner's code; `_default` is asked last, and puts what nobody
---took into `Inbox`. Also `require(".handlers")`.
---@class Handlers
---@field _version string Version of this interface.
---@field list Handlers.Entry[] All handlers, in order.
---@field coroutines thread[] Coroutines of messages that wait in `Receive`.
---@field onceNonce integer How many handlers have been made without a name.
---@field utils Handlers.Utils Ready patterns and handles.
Handlers = {}

---Adds a handler at the end of the list, or replaces the one of this name where it stands.
---
---```lua
---Handlers.add("Balance", "Balance", function(msg)
---  msg.reply({ Data = tostring(Balances[msg.From] or 0) })
---end)
---```
---@overload fun(action: string, handle: Handlers.Handle): integer
---@param name string What to call it. With two arguments also the `Action` that it takes.
---@param pattern ao.Pattern Which messages it takes.
---@param handle Handlers.Handle What it does with them.
---@param maxRuns? integer|"inf" How often it runs before it is removed.
---@return integer count How many handlers there are now.
function Handlers.add(name, pattern, handle, maxRuns) end

---The same as `Handlers.add`, without an answer.
---@overload fun(action: string, handle: Handlers.Handle)
---@param name string What to call it. With two arguments also the `Action` that it takes.
---@param pattern ao.Pattern Which messages it takes.
---@param handle Handlers.Handle What it does with them.
---@param maxRuns? integer|"inf" How often it runs before it is removed.
function Handlers.append(name, pattern, handle, maxRuns) end

---Adds a handler before all others, or replaces the one of this name where it stands.
---
---It sees the owner's Evals too: if it takes every message, or fails on every message, the owner is locked out.
---@overload fun(action: string, handle: Handlers.Handle)
---@param name string What to call it. With two arguments also the `Action` that it takes.
---@param pattern ao.Pattern Which messages it takes.
---@param handle Handlers.Handle What it does with them.
---@param maxRuns? integer|"inf" How often it runs before it is removed.
function Handlers.prepend(name, pattern, handle, maxRuns) end

---Adds a handler before all others that runs once, and is removed then.
---@overload fun(pattern: ao.Pattern, handle: Handlers.Handle)
---@param name string What to call it. Without a name it gets one of its own.
---@param pattern ao.Pattern Which message it takes.
---@param handle Handlers.Handle What it does with it.
function Handlers.once(name, pattern, handle) end

---Names the place before a handler: `Handlers.before("audit").add(…)`.
---@param name string Name of the handler that is to come after.
---@return Handlers.Position
function Handlers.before(name) end

---Names the place after a handler: `Handlers.after("audit").add(…)`.
---@param name string Name of the handler that is to come before.
---@return Handlers.Position
function Handlers.after(name) end

---Removes the first handler of a name. An unknown name has no effect.
---@param name string
function Handlers.remove(name) end

---Waits for a message: ends the present one here, and goes on inside the first later one that matches. There is no end
---to the wait. The same as `Receive`.
---@async
---@param pattern ao.Pattern Which message to wait for.
---@return ao.Message message No other handler gets it, unless the pattern says `"continue"`.
function Handlers.receive(pattern) end

---Makes one function of a handle, also of a table of handles.
---@param spec Handlers.Handle
---@return Handlers.Resolver
function Handlers.generateResolver(spec) end

---Offers a message to all handlers, as the process does with each message that it gets.
---@param message ao.Message
---@param env ao.Environment
function Handlers.evaluate(message, env) end

return Handlers
