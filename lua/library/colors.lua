-- The terminal colours that texts of the library are made of. Process API 4.
return {
  red = "\27[31m",
  green = "\27[32m",
  blue = "\27[34m",
  reset = "\27[0m",
  gray = "\27[90m",
}
