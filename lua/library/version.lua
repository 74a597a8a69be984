-- The version of the process environment that this library is compatible with.
return "2.0.4"
