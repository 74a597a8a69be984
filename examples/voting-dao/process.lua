-- A DAO that decides by vote: proposals with a deadline, weighted votes, a quorum and a tally.
--
-- Nothing happens by itself in a process: a deadline is a time to compare with `msg.Timestamp` of the next message. So
-- a vote after the deadline is refused, and the result stands once someone sends Close.

Members = Members or {} -- address → weight
Proposals = Proposals or {} -- list; the number of a proposal is its place
-- Share of all weight that has to take part, in percent.
QuorumPercent = QuorumPercent or 50

local durationMsMin = 60 * 1000
local durationMsMax = 30 * 24 * 60 * 60 * 1000
local titleSizeMax = 200
local weightMax = 1000000
local choices = { For = true, Against = true, Abstain = true }

local function refuse(msg, reason)
  msg.reply({ Action = msg.Action .. "-Error", Error = reason })
end

-- A whole number within bounds, or nil. The length is checked first: long digits would become a float.
local function parseInteger(text, min, max)
  if type(text) ~= "string" or #text > 15 or not text:match("^%d+$") then
    return nil
  end
  local number = math.tointeger(tonumber(text))
  return number >= min and number <= max and number or nil
end

-- The proposal that a message names, or nil after a refusal.
local function findProposal(msg)
  local number = parseInteger(msg.Tags.Proposal, 1, #Proposals)
  if not number then
    refuse(msg, "Proposal must be the number of a proposal. There are " .. #Proposals .. ".")
    return nil
  end
  return Proposals[number]
end

local function summary(proposal)
  return {
    Proposal = tostring(proposal.number),
    Title = proposal.title,
    Status = proposal.status,
    Deadline = tostring(proposal.deadline),
    For = tostring(proposal.tally.For),
    Against = tostring(proposal.tally.Against),
    Abstain = tostring(proposal.tally.Abstain),
    Quorum = tostring(proposal.quorum),
  }
end

-- Adds a member, changes a weight, or with weight 0 takes the member out. Open votes go on as they began: see below.
Handlers.add("Set-Member", "Set-Member", function(msg)
  if msg.From ~= Owner then
    return refuse(msg, "Only the owner may change members.")
  end
  local member, weight = msg.Tags.Member, parseInteger(msg.Tags.Weight, 0, weightMax)
  if type(member) ~= "string" or #member ~= 43 then
    return refuse(msg, "Member must be an address of 43 characters.")
  end
  if not weight then
    return refuse(msg, "Weight must be a whole number from 0 to " .. weightMax .. ".")
  end
  Members[member] = weight > 0 and weight or nil
  msg.reply({ Action = "Member-Set", Member = member, Weight = tostring(weight) })
end)

Handlers.add("Create-Proposal", "Create-Proposal", function(msg)
  local title, duration = msg.Tags.Title, parseInteger(msg.Tags["Duration-Ms"], durationMsMin, durationMsMax)
  if not Members[msg.From] then
    return refuse(msg, "Only members may propose.")
  end
  if type(title) ~= "string" or title == "" or #title > titleSizeMax then
    return refuse(msg, "Title must have 1 to " .. titleSizeMax .. " characters.")
  end
  if not duration then
    return refuse(msg, "Duration-Ms must be a whole number from " .. durationMsMin .. " to " .. durationMsMax .. ".")
  end

  -- The weights are those of this moment, for the whole vote. Otherwise weight that moves from one member to another
  -- could vote twice, and a quorum could be reached by removing people.
  local weights, total = {}, 0
  for member, weight in pairs(Members) do
    weights[member], total = weight, total + weight
  end
  local proposal = {
    number = #Proposals + 1,
    title = title,
    description = msg.Data,
    proposer = msg.From,
    deadline = msg.Timestamp + duration,
    status = "open",
    weights = weights,
    -- Rounded up: half of 5 is 3.
    quorum = (total * QuorumPercent + 99) // 100,
    votes = {}, -- address → choice
    tally = { For = 0, Against = 0, Abstain = 0 },
  }
  Proposals[proposal.number] = proposal
  local answer = summary(proposal)
  answer.Action = "Proposal-Created"
  msg.reply(answer)
end)

Handlers.add("Vote", "Vote", function(msg)
  local proposal = findProposal(msg)
  if not proposal then
    return
  end
  local choice, weight = msg.Tags.Choice, proposal.weights[msg.From]
  if proposal.status ~= "open" then
    return refuse(msg, "The vote is over: the proposal is " .. proposal.status .. ".")
  end
  if msg.Timestamp >= proposal.deadline then
    return refuse(msg, "The vote is over: the deadline has passed. Send Close for the result.")
  end
  if not weight then
    return refuse(msg, "Only those who were members when the proposal was made may vote on it.")
  end
  if not choices[choice] then
    return refuse(msg, "Choice must be For, Against or Abstain.")
  end
  if proposal.votes[msg.From] then
    return refuse(msg, "You have voted already: " .. proposal.votes[msg.From] .. ". A vote is final.")
  end
  proposal.votes[msg.From] = choice
  proposal.tally[choice] = proposal.tally[choice] + weight
  msg.reply({
    Action = "Vote-Counted",
    Proposal = tostring(proposal.number),
    Choice = choice,
    Weight = tostring(weight),
  })
end)

-- Anyone may close a vote whose time is up: the result is the same whoever asks.
Handlers.add("Close", "Close", function(msg)
  local proposal = findProposal(msg)
  if not proposal then
    return
  end
  if proposal.status ~= "open" then
    return refuse(msg, "The proposal is closed already: " .. proposal.status .. ".")
  end
  if msg.Timestamp < proposal.deadline then
    return refuse(msg, "The vote goes on until " .. proposal.deadline .. ".")
  end

  local tally = proposal.tally
  if tally.For + tally.Against + tally.Abstain < proposal.quorum then
    proposal.status = "without quorum"
  elseif tally.For > tally.Against then
    proposal.status = "passed"
  else
    proposal.status = "rejected"
  end

  local answer = summary(proposal)
  answer.Action = "Proposal-Closed"
  msg.reply(answer)
  if proposal.proposer ~= msg.From then
    local notice = summary(proposal)
    notice.Action, notice.Target = "Proposal-Closed", proposal.proposer
    ao.send(notice)
  end
end)

Handlers.add("Get-Proposal", "Get-Proposal", function(msg)
  local proposal = findProposal(msg)
  if not proposal then
    return
  end
  local answer = summary(proposal)
  answer.Action, answer.Data = "Proposal", proposal.description
  msg.reply(answer)
end)
