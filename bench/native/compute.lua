-- Measures: the programs of bench/fixtures/compute in native Lua, in milliseconds of CPU a run.
--
-- lua5.3 bench/native/compute.lua <program.lua> [rounds]
local path, rounds = ...
local run = dofile(path)
local result
for _ = 1, tonumber(rounds or 7) do
  local started = os.clock()
  result = run()
  print(string.format("run %.4f %s", (os.clock() - started) * 1000, tostring(result)))
end
