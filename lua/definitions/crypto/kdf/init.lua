---@meta

---Keys from passwords.
---@class crypto.kdf
local kdf = {}

---Derives a key with PBKDF2. The hex digits of the result are upper-case.
---@param password integer[] An array of bytes.
---@param salt integer[] An array of bytes.
---@param iterations integer How often to hash. Each time costs gas.
---@param keySize integer Size of the key in bytes.
---@param algorithm? "sha1"|"sha256" `"sha1"` if left out.
---@return crypto.Result
function kdf.pbkdf2(password, salt, iterations, keySize, algorithm) end

return kdf
