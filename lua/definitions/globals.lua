---@meta _

---Messages that no handler took, oldest first. At most 10,000: then the oldest leave.
---@type ao.Message[]
Inbox = {}

---Address that may evaluate code in this process. Code may change it; `""` locks the process for good.
---@type string
Owner = ""

---Name of this process.
---@type string
Name = ""

---Texts of the errors that Evals have ended in, where memory is not rolled back.
---@type string[]
Errors = {}

---Lines that the present message has printed.
---@type string[]
HANDLER_PRINT_LOGS = {}

---True once the first message has seeded `math.random`.
---@type boolean
Seeded = true

---Makes consoles beep when it is printed.
---@type string
Bell = "\7"

---Codes that colour the text behind them on a terminal.
---@class ao.Colors
---@field red string Makes text red.
---@field green string Makes text green.
---@field blue string Makes text blue.
---@field gray string Makes text gray.
---@field reset string Ends a colour.

---Codes that colour the text behind them on a terminal.
---
---```lua
---print(Colors.green .. "done" .. Colors.reset)
---```
---@type ao.Colors
Colors = {}

---Sends a message. It leaves when the present message has succeeded; if that fails, nothing is sent.
---
---```lua
---Send({ Target = address, Action = "Credit-Notice", Quantity = "100" })
---local price = Send({ Target = oracle, Action = "Price" }).receive().Data
---```
---@param message ao.Outgoing The message. If its `Data` is a table, its JSON is written into this table.
---@return ao.SendResult result For `receive` and `onReply`.
function Send(message) end

---Spawns a process.
---
---```lua
---local child = Spawn({ Name = "child", Authority = ao.authorities[1] }).receive().Process
---```
---@overload fun(message: ao.SpawnRequest): ao.SpawnResult
---@param module string Id of the module; that of this process if left out.
---@param message ao.SpawnRequest Data and tags of the new process.
---@return ao.SpawnResult result For `receive` and `onReply`.
function Spawn(module, message) end

---Has processes get a message that is not theirs. They take it if they have made it assignable.
---@param request ao.Assignment Which message, and which processes.
---@return string text What happened; it is printed too.
function Assign(request) end

---Waits for a message: ends the present one here, and goes on inside the first later one that matches. There is no end
---to the wait.
---
---```lua
---local credit = Receive({ Action = "Credit-Notice", From = token })
---```
---@async
---@param pattern ao.Pattern Which message to wait for.
---@return ao.Message message No other handler gets it, unless the pattern says `"continue"`.
function Receive(pattern) end

---Makes a map of tags that are a list. The first of a name counts. Received messages have such a map: `msg.Tags`.
---@param message { Tags: ao.Tag[] }
---@return ao.Tags
function Tab(message) end

---Prints the version that this process is compatible with.
function Version() end

---Gives the text that consoles show before the cursor. Define your own to change it.
---@return string
function Prompt() end

---The process as hosts of other engines call it: takes a message and an environment, and gives the result.
---@param messageJson string
---@param envJson string
---@return string resultJson
function handle(messageJson, envJson) end
