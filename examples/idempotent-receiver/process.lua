-- A receiver that may safely be asked twice: a repeated request is answered as the first time, and done once.
--
-- The network takes each signed message once. But a client that waited in vain for an answer cannot know whether its
-- message arrived; it signs a new one, which the network has never seen. Only an id that the client chooses, the same
-- in both, tells them apart from two real payments: the tag Request-Id.

Totals = Totals or {} -- address → what it has paid in
-- What was answered, by sender, so that nobody can push another's requests out of the window.
-- sender → { order = request ids, oldest first; answers = request id → { quantity, total } }
Windows = Windows or {}
-- Answers remembered for each sender. A request that is repeated after this many others is done again: a client must
-- have given up on it by then. More costs memory, for ever; fewer forgets sooner.
WindowSize = WindowSize or 16

local requestIdSizeMax = 64

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

local function remember(window, requestId, answer)
  window.order[#window.order + 1] = requestId
  window.answers[requestId] = answer
  -- A loop, because WindowSize may have been made smaller.
  while #window.order > WindowSize do
    window.answers[table.remove(window.order, 1)] = nil
  end
end

Handlers.add("Pay", "Pay", function(msg)
  local requestId, quantity = msg.Tags["Request-Id"], parseAmount(msg.Tags.Quantity)
  if type(requestId) ~= "string" or requestId == "" or #requestId > requestIdSizeMax then
    return refuse(msg, "Request-Id must have 1 to " .. requestIdSizeMax .. " characters, new ones for each payment.")
  end
  if not quantity then
    return refuse(msg, "Quantity must be a whole number above 0, such as 1500.")
  end

  local window = Windows[msg.From] or { order = {}, answers = {} }
  local answer = window.answers[requestId]
  if answer and answer.quantity ~= quantity then
    -- Not a repetition but a mistake: answering "done" would hide that this payment was not made.
    return refuse(msg, "Request-Id " .. requestId .. " was used for another quantity. Use a new one for each payment.")
  end

  local repeated = answer ~= nil
  if not repeated then
    local total = Totals[msg.From] or 0
    if quantity > math.maxinteger - total then
      -- A refusal is not remembered: nothing was done, so trying again is harmless.
      return refuse(msg, "The total cannot exceed " .. math.maxinteger .. ".")
    end
    Totals[msg.From] = total + quantity
    answer = { quantity = quantity, total = total + quantity }
    Windows[msg.From] = window
    remember(window, requestId, answer)
  end
  msg.reply({
    Action = "Paid",
    ["Request-Id"] = requestId,
    Quantity = string.format("%d", answer.quantity),
    -- As it was then: the repeated answer is the first one.
    Total = string.format("%d", answer.total),
    Repeated = tostring(repeated),
  })
end)
