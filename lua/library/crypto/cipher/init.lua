-- `require(".crypto").cipher`. Process API 14.7.
local import = ...

return {
  aes = import(".crypto.cipher.aes"),
  issac = import(".crypto.cipher.issac"),
  morus = import(".crypto.cipher.morus"),
  norx = import(".crypto.cipher.norx"),
}
