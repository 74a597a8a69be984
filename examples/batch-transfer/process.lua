-- Many transfers in one message, with an outcome for each.
--
-- Data is a JSON list: [{ "recipient": "…", "quantity": "100" }, …]. The tag Mode says what a failing one means:
--
--   Partial   the others are done all the same (the default)
--   Atomic    nothing is done unless all can be
--
-- Both report every transfer, so that the sender can correct and repeat exactly those that failed.

local json = require("json")

Balances = Balances or { [Owner] = 1000000 }

local transfersMax = 100

local function refuse(msg, reason)
  msg.reply({ Action = msg.Action .. "-Error", Error = reason })
end

local function parseAmount(text)
  if type(text) ~= "string" or not text:match("^[1-9]%d*$") then
    return nil
  end
  local amount = tonumber(text)
  return math.type(amount) == "integer" and amount or nil
end

local function isAddress(text)
  return type(text) == "string" and #text == 43 and text:match("^[%w_-]+$") ~= nil
end

-- The list of transfers, or nil and what is wrong with it as a whole.
local function parseTransfers(msg)
  local list = msg.Data
  -- With the tag Content-Type = application/json the data arrives decoded.
  if type(list) == "string" then
    local ok, decoded = pcall(json.decode, list)
    list = ok and decoded
  end
  -- `null` leaves a hole in a list, and a loop would end there without a word: the entries have to be as many as the
  -- length. An object has no length at all.
  local count = 0
  for _ in pairs(type(list) == "table" and list or {}) do
    count = count + 1
  end
  if count == 0 or count ~= #list then
    return nil, 'Data must be a JSON list such as [{"recipient":"…","quantity":"100"}].'
  end
  if #list > transfersMax then
    return nil, "At most " .. transfersMax .. " transfers fit into one message; this one has " .. #list .. "."
  end
  return list
end

-- A field to show in the report. Only text is repeated: a number such as 1e999 is infinite, and has no JSON.
local function textOf(item, field)
  local value = type(item) == "table" and item[field]
  return type(value) == "string" and value or nil
end

-- Does one transfer on `balances`. Returns nil, or why it cannot be done; then nothing has changed.
local function transfer(balances, sender, item)
  if type(item) ~= "table" then
    return "must be an object with recipient and quantity"
  end
  local quantity = parseAmount(item.quantity)
  if not isAddress(item.recipient) then
    return "recipient must be an address of 43 characters"
  end
  if not quantity then
    return 'quantity must be text of a whole number above 0, such as "100"'
  end
  local balance = balances[sender] or 0
  if balance < quantity then
    return string.format("insufficient balance: %d left at this point", balance)
  end
  balances[sender] = balance - quantity
  balances[item.recipient] = (balances[item.recipient] or 0) + quantity
  return nil
end

Handlers.add("Batch-Transfer", "Batch-Transfer", function(msg)
  local mode = msg.Tags.Mode or "Partial"
  if mode ~= "Partial" and mode ~= "Atomic" then
    return refuse(msg, "Mode must be Partial or Atomic.")
  end
  local items, problem = parseTransfers(msg)
  if not items then
    return refuse(msg, problem)
  end

  -- A draft on top of the real balances: it reads through to them, and keeps what is written to itself. Throwing it
  -- away undoes everything.
  local draft = setmetatable({}, { __index = Balances })
  local outcomes, failed = {}, 0
  for index, item in ipairs(items) do
    local reason = transfer(draft, msg.From, item)
    failed = failed + (reason and 1 or 0)
    outcomes[index] = {
      index = index,
      recipient = textOf(item, "recipient"),
      quantity = textOf(item, "quantity"),
      status = reason and "failed" or "done",
      reason = reason,
    }
  end

  local commit = failed == 0 or mode == "Partial"
  for _, outcome in ipairs(outcomes) do
    if outcome.status == "done" and not commit then
      outcome.status = "not done" -- it could have been; another one failed
    end
  end
  msg.reply({
    Action = "Batch-Report",
    Mode = mode,
    Done = tostring(commit and #items - failed or 0),
    Failed = tostring(failed),
    Data = outcomes,
  })
  if not commit then
    return
  end

  for address, balance in pairs(draft) do
    Balances[address] = balance > 0 and balance or nil
  end
  for _, outcome in ipairs(outcomes) do
    if outcome.status == "done" then
      ao.send({ Target = outcome.recipient, Action = "Credit-Notice", Sender = msg.From, Quantity = outcome.quantity })
    end
  end
end)

Handlers.add("Balance", "Balance", function(msg)
  msg.reply({ Action = "Balance-Notice", Data = string.format("%d", Balances[msg.Tags.Account or msg.From] or 0) })
end)
