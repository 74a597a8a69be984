---@meta

---Documents that several processes change at once, and that agree when the changes have reached them all.
---
---```lua
---local crdt = require("crdt")
---local votes = crdt.AWSet(ao.id)
---votes:add("yes")
---```
---@class crdt
local crdt = {}

---Name of a kind of document.
---@alias crdt.Kind "GCounter"|"PNCounter"|"MVRegister"|"LWWRegister"|"AWSet"|"Text"|"ORMap"

---What all documents can do. Methods that change a document give the change as a delta, which other replicas can merge.
---@class crdt.Document
local Document = {}

---Gives what the document shows, as plain Lua.
---@return any
function Document:value() end

---Merges the state or a delta of another replica, of the same kind, into this document. Order and repetition do not
---matter.
---@generic T: crdt.Document
---@param self T
---@param other crdt.Document
---@return T self
function Document:merge(other) end

---Writes the document as text, for `crdt.decode`. Equal states have equal texts.
---@return string
function Document:encode() end

---Says whether another document has the same state.
---@param other any
---@return boolean
function Document:equals(other) end

---A document whose contents can be taken away.
---@class crdt.ClearableDocument: crdt.Document
local ClearableDocument = {}

---Takes away what is seen here. What others add meanwhile stays.
---@return crdt.Document delta
function ClearableDocument:clear() end

---A number that only grows.
---@class crdt.GCounter: crdt.Document
local GCounter = {}

---Adds to the number.
---@param amount? integer At least 1; 1 if left out.
---@return crdt.GCounter delta
function GCounter:increment(amount) end

---A number that grows and shrinks.
---@class crdt.PNCounter: crdt.ClearableDocument
local PNCounter = {}

---Adds to the number.
---@param amount? integer At least 1; 1 if left out.
---@return crdt.PNCounter delta
function PNCounter:increment(amount) end

---Takes from the number.
---@param amount? integer At least 1; 1 if left out.
---@return crdt.PNCounter delta
function PNCounter:decrement(amount) end

---One value; of writes at the same time all stay. `value()` is a list: each value that no later write has replaced.
---@class crdt.MVRegister: crdt.ClearableDocument
local MVRegister = {}

---Writes a value in the place of all that are seen here.
---@param value any What JSON can hold.
---@return crdt.MVRegister delta
function MVRegister:set(value) end

---One value; of several writes the latest stays.
---@class crdt.LWWRegister: crdt.ClearableDocument
local LWWRegister = {}

---Writes a value.
---@param value any What JSON can hold.
---@param timestamp? integer When, in milliseconds; now, or just after the latest known write, if left out.
---@return crdt.LWWRegister delta
function LWWRegister:set(value, timestamp) end

---Gives when the value was written.
---@return integer? timestamp In milliseconds; nil if there is no value.
function LWWRegister:timestamp() end

---A set. An element that one replica adds while another removes it stays. `value()` is a sorted list.
---@class crdt.AWSet: crdt.ClearableDocument
local AWSet = {}

---Puts an element in.
---@param element string|number|boolean
---@return crdt.AWSet delta
function AWSet:add(element) end

---Takes an element out.
---@param element string|number|boolean
---@return crdt.AWSet delta
function AWSet:remove(element) end

---Says whether an element is in the set.
---@param element any
---@return boolean
function AWSet:has(element) end

---A text that several people write. Places are counted in characters, from 1.
---@class crdt.Text: crdt.ClearableDocument
local Text = {}

---Puts characters in.
---@param index integer Where the first of them will stand: from 1 to one behind the end.
---@param characters string
---@return crdt.Text delta
function Text:insert(index, characters) end

---Takes characters out.
---@param index integer The first of them.
---@param size? integer How many; 1 if left out.
---@return crdt.Text delta
function Text:delete(index, size) end

---Gives how many characters there are.
---@return integer
function Text:length() end

---Gives a part of the text.
---@param first integer The first character.
---@param last? integer The last character; that of the text if left out.
---@return string
function Text:slice(first, last) end

---A map from keys to documents: `map:AWSet("tags"):add("new")`. A document is there from the first change on. A key
---that one replica changes while another removes it stays.
---@class crdt.ORMap: crdt.ClearableDocument
local ORMap = {}

---Gives the counter under a key.
---@param key string
---@return crdt.GCounter
function ORMap:GCounter(key) end

---Gives the counter under a key.
---@param key string
---@return crdt.PNCounter
function ORMap:PNCounter(key) end

---Gives the register under a key.
---@param key string
---@return crdt.MVRegister
function ORMap:MVRegister(key) end

---Gives the register under a key.
---@param key string
---@return crdt.LWWRegister
function ORMap:LWWRegister(key) end

---Gives the set under a key.
---@param key string
---@return crdt.AWSet
function ORMap:AWSet(key) end

---Gives the text under a key.
---@param key string
---@return crdt.Text
function ORMap:Text(key) end

---Gives the map under a key.
---@param key string
---@return crdt.ORMap
function ORMap:ORMap(key) end

---Says whether there is something under a key.
---@param key string
---@return boolean
function ORMap:has(key) end

---Gives all keys, sorted.
---@return string[]
function ORMap:keys() end

---Gives what is under a key, as plain Lua.
---@param key string
---@return any value Nil if there is nothing.
function ORMap:get(key) end

---Gives the kind of document under a key.
---@param key string
---@return crdt.Kind? kind Nil if there is nothing.
function ORMap:kindOf(key) end

---Takes a key and what is under it away.
---@param key string
---@return crdt.ORMap delta
function ORMap:remove(key) end

---Makes a number that only grows.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.GCounter
function crdt.GCounter(replica) end

---Makes a number that grows and shrinks.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.PNCounter
function crdt.PNCounter(replica) end

---Makes a register that keeps all values written at the same time.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.MVRegister
function crdt.MVRegister(replica) end

---Makes a register that keeps the latest value.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.LWWRegister
function crdt.LWWRegister(replica) end

---Makes a set.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.AWSet
function crdt.AWSet(replica) end

---Makes a text.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.Text
function crdt.Text(replica) end

---Makes a map from keys to documents.
---@param replica string Id of this replica, another one for each: `ao.id` if a process has one.
---@return crdt.ORMap
function crdt.ORMap(replica) end

---Makes a document of the text that `encode` gave.
---@param encoded string
---@param replica? string Id of this replica. Without one the document can be read and merged, but not changed.
---@return crdt.Document
function crdt.decode(encoded, replica) end

---Another process that shares a document.
---@class crdt.Peer
---@field process string Its process id.
---@field replica string Id of its replica.

---What `crdt.replicate` takes.
---@class crdt.ReplicationOptions
---@field store table A table that the process keeps: `Documents = Documents or {}`.
---@field name string Name of the document, the same in all processes.
---@field kind crdt.Kind Which kind of document.
---@field peers? (string|crdt.Peer)[] The other processes, by id. This process may be among them.
---@field replica? string Id of this replica; the process id if left out.
---@field retryMs? integer After how many milliseconds to send again what was not acknowledged; 30,000 if left out.
---@field bufferCountMax? integer How many deltas to keep for peers that do not answer; 256 if left out.
---@field bufferBytesMax? integer How many bytes of them; 1 MiB if left out.
---@field onChange? fun(document: crdt.Document, replica: string) Called when changes of a replica have been merged.

---How it stands with one peer.
---@class crdt.PeerStatus: crdt.Peer
---@field acked integer Last change that it has acknowledged.
---@field waiting boolean Whether it lacks something.
---@field attempts integer How often it was written to in vain.

---How replication stands.
---@class crdt.ReplicationStatus
---@field sequence integer How many changes there have been.
---@field buffered integer How many of them are kept for peers.
---@field peers crdt.PeerStatus[] How it stands with each peer.

---A document that this process shares with others.
---@class crdt.Replication
---@field document any The document. Change it by its own methods.
local Replication = {}

---Changes the document, and sends all changes as one.
---
---```lua
---shared:change(function(document)
---  document:AWSet("members"):add(msg.From)
---end)
---```
---@param fn fun(document: any): any
---@return any result What the function gives.
function Replication:change(fn) end

---Sends the changes that were made since the last time. It happens with each message too.
function Replication:flush() end

---Compares notes with all peers: each sends what the other lacks.
function Replication:sync() end

---Says how replication stands.
---@return crdt.ReplicationStatus
function Replication:status() end

---Shares a document with other processes, or takes it up again when code is loaded again.
---
---```lua
---Documents = Documents or {}
---local shared = crdt.replicate({ store = Documents, name = "members", kind = "ORMap", peers = { otherProcess } })
---```
---@param options crdt.ReplicationOptions
---@return crdt.Replication
function crdt.replicate(options) end

return crdt
