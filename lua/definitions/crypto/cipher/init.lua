---@meta

---Encryption. All that a process knows is public: a key is only safe if it never reaches a process.
---@class crypto.cipher
---@field aes crypto.cipher.aes AES, in five modes.
---@field issac crypto.cipher.issac A toy, and the generator ISAAC.
---@field morus crypto.cipher.morus MORUS, which notices changes.
---@field norx crypto.cipher.norx NORX, which notices changes.
local cipher = {}

return cipher
