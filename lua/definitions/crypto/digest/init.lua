---@meta

---Hashes. Those of the older kinds take a stream, and leave it empty; the others take a string.
---@class crypto.digest
local digest = {}

---Gives the MD2 hash, 16 bytes. Broken: only for what others made with it.
---@param stream crypto.Stream
---@return crypto.Result
function digest.md2(stream) end

---Gives the MD4 hash, 16 bytes. Broken: only for what others made with it.
---@param stream crypto.Stream
---@return crypto.Result
function digest.md4(stream) end

---Gives the MD5 hash, 16 bytes. Broken: only for what others made with it.
---@param stream crypto.Stream
---@return crypto.Result
function digest.md5(stream) end

---Gives the SHA-1 hash, 20 bytes. Broken: only for what others made with it.
---@param stream crypto.Stream
---@return crypto.Result
function digest.sha1(stream) end

---Gives the SHA-256 hash, 32 bytes.
---
---```lua
---local hex = crypto.digest.sha2_256(crypto.utils.stream.fromString("hello")).asHex()
---```
---@param stream crypto.Stream
---@return crypto.Result
function digest.sha2_256(stream) end

---Gives the SHA-512 hash, 64 bytes. Its `asBytes` gives eight integers of 64 bits.
---@param text string
---@return crypto.Result
function digest.sha2_512(text) end

---Gives the SHA3-256 hash, 32 bytes.
---@param text string
---@return crypto.Result
function digest.sha3_256(text) end

---Gives the SHA3-512 hash, 64 bytes.
---@param text string
---@return crypto.Result
function digest.sha3_512(text) end

---Gives the Keccak-256 hash as Ethereum uses it, 32 bytes.
---@param text string
---@return crypto.Result
function digest.keccak256(text) end

---Gives the Keccak-512 hash from before SHA-3, 64 bytes.
---@param text string
---@return crypto.Result
function digest.keccak512(text) end

---Gives the BLAKE2b hash. With a key it proves that who made it knows the key.
---@param text string
---@param size? integer Size of the hash in bytes, 1 to 64; 64 if left out.
---@param key? string At most 64 bytes.
---@return crypto.Result
function digest.blake2b(text, size, key) end

return digest
