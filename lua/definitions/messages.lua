---@meta _

---One tag of a message or of a process.
---@class ao.Tag
---@field name string Its name. Names on received messages are spelled `Like-This`.
---@field value string Its value.

---Tags by name. Of several tags of one name the first is here; `TagArray` has them all.
---@alias ao.Tags table<string, string>

---A message as a handler gets it.
---
---Each tag is a field as well, if its name is none of `ao.nonExtractableTags`: the tag `Recipient` is `msg.Recipient`
---and `msg.Tags.Recipient`. Values of tags are strings: `tonumber(msg.Quantity)`. Senders choose the tags, which can be
---missing or wrong; fields without the word tag below are facts.
---@class ao.Message
---@field Id? string Id of the message. Absent on messages that cron makes.
---@field Target string Process id that it was sent to. Another one than `ao.id` on an assignment.
---@field From string Who sent it: an address, or the id of a process.
---@field Owner string Address that signed it: `From`, or the messenger's address if a process sent it.
---@field Tags ao.Tags Its tags by name; `msg.Tags.NextProcess` finds the tag `Nextprocess` too.
---@field TagArray ao.Tag[] All of its tags, in order.
---@field Data any Text; what the JSON says if the tag `Content-Type` is `application/json`; nil if there is none.
---@field Timestamp integer When it was scheduled, in milliseconds since 1970. `os.time()` gives the same.
---@field ["Block-Height"] integer Height of the Arweave blockchain when it was scheduled.
---@field Nonce? integer Its place among the messages of the process, from 0. Absent on messages that cron makes.
---@field Epoch? integer Epoch of the scheduler. Absent on messages that cron makes.
---@field ["Hash-Chain"]? string Hash over all messages of the process up to this one. Absent on cron's messages.
---@field Cron? boolean True on messages that cron makes.
---@field ["Read-Only"]? boolean True in a dry run: nothing of it will last, and nothing is sent.
---@field Anchor? string What the sender put there; of a process, its reference as 32 digits.
---@field Signature? string Signature of the message, where the node gives it.
---@field ["Forwarded-By"]? string Address of the messenger that delivered it, if a process sent it.
---@field Module? string Tag: on the first message of a process, the id of its module.
---@field ["Pushed-For"]? string Tag: id of the message that began the chain which led to this one.
---@field Action? string Tag: what the sender wants. The usual thing for handlers to match.
---@field Reference? string Tag: number that the sending process gave it. A reply carries it as `X-Reference`.
---@field ["X-Reference"]? string Tag: the `Reference` of the message that this one answers.
---@field ["X-Origin"]? string Tag: who began a chain of forwards.
---@field ["Reply-To"]? string Tag: who is to get the reply. `msg.reply` goes there.
---@field [string] any Any other tag.
local Message = {}

---Answers the message: sends to its `Reply-To`, or else to its sender, with what lets the sender recognise the answer.
---
---```lua
---msg.reply({ Action = "Balance-Notice", Data = "100" })
---```
---@param answer ao.Outgoing The answer. `Target` and the tags `X-Reference` and `X-Origin` are written into this table.
---@return ao.Sent sent For `receive` and `onReply`.
function Message.reply(answer) end

---Sends the message on to another process, which answers the original sender by `msg.reply`.
---@param target string Process id or address.
---@param changes? ao.Outgoing Fields to add or to replace.
function Message.forward(target, changes) end

---A message to send. Every field that is not listed here becomes a tag.
---
---```lua
---Send({ Target = token, Action = "Transfer", Recipient = address, Quantity = "100" })
---```
---@class ao.Outgoing
---@field Target? string Process id or address. Without one nobody receives it; state patches have none.
---@field Data? any Text. A table is sent as JSON, and the tag `Content-Type` says so.
---@field Action? string What the recipient is to do.
---@field Tags? ao.Tag[]|table<string, any> More tags: by name, or a list where order or doubles count.
---@field [string] any Any other tag. Use strings, so that every recipient understands them.

---A process to spawn. Every field that is not listed here becomes a tag.
---@class ao.SpawnRequest
---@field Data? any Data of the process; `NODATA` if left out.
---@field Tags? ao.Tag[]|table<string, any> More tags: by name, or a list where order or doubles count.
---@field Name? string Name of the process.
---@field Authority? string Whom the new process trusts. Without one it hears no process at all, not even this one.
---@field Scheduler? string Address of its scheduler.
---@field ["On-Boot"]? string `Data`: the process evaluates its data as its first act.
---@field [string] any Any other tag.

---A message that may be answered.
---@class ao.Answerable
local Answerable = {}

---Waits for the answer: ends the present message here, and goes on inside the message that answers.
---
---```lua
---local price = Send({ Target = oracle, Action = "Price" }).receive().Data
---```
---@async
---@param from? string Who answers, if not the target.
---@return ao.Message answer
function Answerable.receive(from) end

---Calls a function with the answer, once. Messages that come before it are handled as usual.
---@overload fun(resolver: Handlers.Handle)
---@param from string Who answers, if not the target.
---@param resolver Handlers.Handle What to do with the answer.
function Answerable.onReply(from, resolver) end

---What `ao.send` and `msg.reply` return: the message as it is sent, and ways to wait for the answer.
---@class ao.Sent: ao.Answerable
---@field Target? string Where it goes.
---@field Data any What it carries.
---@field Anchor string Its reference, as 32 digits.
---@field Tags ao.Tag[] All of its tags.

---What `Send` returns: a text for consoles, and ways to wait for the answer.
---@class ao.SendResult: ao.Answerable
---@field output string What happened.

---A process that will be there.
---@class ao.Awaited
local Awaited = {}

---Waits until the process is there: ends the present message here, and goes on inside the one that says so.
---@async
---@return ao.Message message Its field `Process` is the id of the new process.
function Awaited.receive() end

---Calls a function when the process is there, once.
---@param callback Handlers.Handle Gets a message whose field `Process` is the id of the new process.
function Awaited.onReply(callback) end

---What `ao.spawn` returns: the request as it is sent, and ways to wait for the process.
---@class ao.Spawned: ao.Awaited
---@field Data any Data of the process.
---@field Anchor string Its reference, as 32 digits.
---@field Tags ao.Tag[] All of its tags.

---What `Spawn` returns: a text for consoles, and ways to wait for the process.
---@class ao.SpawnResult: ao.Awaited
---@field output string What happened.
---@field after fun(callback: Handlers.Handle) The same as `onReply`.

---Messages that other processes are to get, by their ids.
---@class ao.Assignment
---@field Processes string[] Ids of the processes that are to get the message.
---@field Message string Id of a message or of another item on Arweave.

---What the message that is handled now has sent so far.
---@class ao.Outbox
---@field Output table Unused: what a message prints is its output.
---@field Messages table[] Messages, as `{ Target, Data, Anchor, Tags }`.
---@field Spawns table[] Processes to spawn, as `{ Data, Anchor, Tags }`.
---@field Assignments ao.Assignment[] What was assigned.
---@field Error? any If code sets it, the message fails with this error.

---The process, as its spawner made it.
---@class ao.Process
---@field Id string Its id.
---@field Owner string Address that spawned it.
---@field Tags ao.Tags Its tags by name, in the spelling of its spawner.
---@field TagArray ao.Tag[] All of its tags, in order.

---The module of the process.
---@class ao.Module
---@field Id string Its id.
---@field Owner string Address that published it.
---@field Tags ao.Tag[] Its tags.

---Who the process is. Handles get it as their second argument.
---@class ao.Environment
---@field Process ao.Process This process.
---@field Module? ao.Module Its module.

---How a field of a message is compared in a table pattern:
---
---- a string: equal but for the case of letters; with one of `^$()%.[]*+?` in it, a Lua pattern. `"_"`: any value.
---- a function: its answer.
---- a table: one of its members has to match.
---@alias ao.ValuePattern string|table|fun(value: any, msg: ao.Message): any

---Fields and tags that a message must have. All of them have to match; `{}` matches every message.
---
---```lua
---{ Action = "Transfer", Quantity = "^%d+$", Recipient = "_" }
---```
---@alias ao.MatchSpec table<string, ao.ValuePattern>

---Which messages a handler takes:
---
---- a string: the exact `Action`.
---- a table: see `ao.MatchSpec`.
---- a function: `true` or `"break"` takes the message and ends the pass, `"continue"` takes it and lets later handlers
---  see it too, `false` or `"skip"` leaves it. Numbers do the same: below 0, above 0, 0. Nil is an error.
---@alias ao.Pattern string|ao.MatchSpec|fun(msg: ao.Message): boolean|number|string
