---@meta

---MORUS-1280: encryption that notices changes.
---@class crypto.cipher.morus
local morus = {}

---Encrypts. The result is the additional data as it is, the hidden message, and 16 bytes that notice changes.
---@param key string 16 or 32 bytes.
---@param iv string 16 bytes, never the same twice with one key.
---@param message string
---@param additional? string What everybody may read and nobody may change; `""` if left out.
---@return crypto.Result
function morus.encrypt(key, iv, message, additional) end

---Decrypts.
---@param key string 16 or 32 bytes.
---@param iv string 16 bytes.
---@param encrypted string What `encrypt` gave, as a string.
---@param additionalSize? integer How many bytes of it are additional data; 0 if left out.
---@return string? message Nil if anything is not as it was.
---@return string? problem `"decrypt error"` then.
function morus.decrypt(key, iv, encrypted, additionalSize) end

return morus
