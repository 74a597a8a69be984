-- `require(".crypto")`: digests, ciphers, chance, authentication codes, key derivation. Process API 14.7.
local import = ...

return {
  _version = "0.0.1",
  digest = import(".crypto.digest.init"),
  utils = import(".crypto.utils.init"),
  cipher = import(".crypto.cipher.init"),
  random = import(".crypto.random"),
  mac = import(".crypto.mac.init"),
  kdf = import(".crypto.kdf.init"),
}
