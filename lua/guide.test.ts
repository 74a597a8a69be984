/**
 * The Lua of the guide "What are AO processes", as it is printed there. Where the guide leaves something to the reader
 * (`State`, `transformData`, …), the test gives it.
 */
import { describe, expect, test } from 'vitest'
import { createLibraryProcess, owner, processId } from './harness.ts'

describe('guide: message processing', () => {
  test('json.decode of data, and an answer by ao.send', () => {
    const library = createLibraryProcess({
      setup: `State = {}
Handlers.add(
  "Initialize",
  Handlers.utils.hasMatchingTag("Action", "Initialize"),
  function(msg)
    local data = json.decode(msg.Data)
    State.owner = data.owner
    State.name = data.name
    State.initialized = true
    
    ao.send({
      Target = msg.From,
      Data = "Process initialized successfully"
    })
  end
)`,
    })
    const data = '{"owner":"USER_ADDRESS","name":"My Process","version":"1.0.0"}'
    const answer = library.send({ action: 'Initialize', from: 'user', data })
    expect(answer.messages).toMatchObject([{ target: 'user', data: 'Process initialized successfully' }])
    expect(library.eval('State.owner .. State.name .. tostring(State.initialized)')).toBe('USER_ADDRESSMy Processtrue')
  })
})

describe('guide: state management', () => {
  const setup = `-- State variables
Balance = Balance or 0
Transactions = Transactions or {}

-- Handler for balance updates
Handlers.add(
  "UpdateBalance",
  Handlers.utils.hasMatchingTag("Action", "UpdateBalance"),
  function(msg)
    local amount = tonumber(msg.Tags.Amount)
    local operation = msg.Tags.Operation
    
    if operation == "credit" then
      Balance = Balance + amount
    elseif operation == "debit" and Balance >= amount then
      Balance = Balance - amount
    else
      ao.send({
        Target = msg.From,
        Data = "Insufficient balance"
      })
      return
    end
    
    -- Record transaction
    table.insert(Transactions, {
      id = msg.Id,
      from = msg.From,
      amount = amount,
      operation = operation,
      timestamp = msg.Timestamp,
      balance = Balance
    })
    
    ao.send({
      Target = msg.From,
      Data = json.encode({
        success = true,
        balance = Balance,
        transactionId = msg.Id
      })
    })
  end
)

Handlers.add(
  "SaveCheckpoint",
  Handlers.utils.hasMatchingTag("Action", "SaveCheckpoint"),
  function(msg)
    local checkpoint = {
      balance = Balance,
      transactions = Transactions,
      lastUpdate = msg.Timestamp,
      version = "1.0.0"
    }
    
    -- State is automatically persisted
    ao.send({
      Target = msg.From,
      Data = "Checkpoint saved",
      Tags = {
        { name = "Checkpoint-Data", value = json.encode(checkpoint) }
      }
    })
  end
)`

  test('balances are kept from message to message', () => {
    const library = createLibraryProcess({ setup })
    const update = (operation: string, amount: string, id: string) =>
      library.send({ action: 'UpdateBalance', id, tags: { Amount: amount, Operation: operation } }).messages[0]?.data
    expect(JSON.parse(String(update('credit', '100', 'first')))).toEqual({
      success: true,
      balance: 100,
      transactionId: 'first',
    })
    expect(JSON.parse(String(update('debit', '30', 'second')))).toEqual({
      success: true,
      balance: 70,
      transactionId: 'second',
    })
    expect(update('debit', '500', 'third')).toBe('Insufficient balance')
    const [checkpoint] = library.send({ action: 'SaveCheckpoint', timestampMs: 77 }).messages
    expect(checkpoint?.data).toBe('Checkpoint saved')
    expect(JSON.parse(String(checkpoint?.tag['Checkpoint-Data']))).toMatchObject({
      balance: 70,
      lastUpdate: 77,
      transactions: [{ id: 'first' }, { id: 'second', operation: 'debit', amount: 30 }],
    })
  })
})

describe('guide: token', () => {
  const setup = `-- Token contract implementation
Name = "MyToken"
Ticker = "MTK"
Denomination = 12
TotalSupply = 1000000 * 10^Denomination
Balances = { [Owner] = TotalSupply }

Handlers.add(
  "Transfer",
  Handlers.utils.hasMatchingTag("Action", "Transfer"),
  function(msg)
    local target = msg.Tags.Recipient
    local quantity = tonumber(msg.Tags.Quantity)
    
    if Balances[msg.From] and Balances[msg.From] >= quantity then
      Balances[msg.From] = Balances[msg.From] - quantity
      Balances[target] = (Balances[target] or 0) + quantity
      
      -- Emit events
      ao.send({ Target = msg.From, Data = "Transfer successful" })
      ao.send({ Target = target, Data = "Tokens received" })
    else
      ao.send({ Target = msg.From, Data = "Insufficient balance" })
    end
  end
)`

  test('a transfer moves tokens and tells both', () => {
    const library = createLibraryProcess({ setup })
    const answer = library.send({ action: 'Transfer', tags: { Recipient: 'bob', Quantity: '500' } })
    expect(answer.messages).toMatchObject([
      { target: owner, data: 'Transfer successful' },
      { target: 'bob', data: 'Tokens received' },
    ])
    expect(answer.prompt).toContain('MyToken')
    expect(library.eval('tostring(Balances.bob) .. " " .. tostring(Balances[Owner])')).toBe('500 1e+18')
  })

  test('without tokens there is a refusal', () => {
    const library = createLibraryProcess({ setup })
    const answer = library.send({ action: 'Transfer', from: 'poor', tags: { Recipient: 'bob', Quantity: '1' } })
    expect(answer.messages).toMatchObject([{ target: 'poor', data: 'Insufficient balance' }])
  })
})

describe('guide: applications and pipelines', () => {
  test('a DAO keeps proposals', () => {
    const library = createLibraryProcess({
      setup: `Proposals = Proposals or {}
Votes = Votes or {}

Handlers.add(
  "CreateProposal",
  Handlers.utils.hasMatchingTag("Action", "CreateProposal"),
  function(msg)
    local proposalId = msg.Id
    Proposals[proposalId] = {
      title = msg.Tags.Title,
      description = msg.Data,
      creator = msg.From,
      created = msg.Timestamp,
      status = "active",
      votesFor = 0,
      votesAgainst = 0
    }
    
    ao.send({
      Target = msg.From,
      Data = "Proposal created: " .. proposalId
    })
  end
)`,
    })
    const answer = library.send({ action: 'CreateProposal', id: 'p1', data: 'text', tags: { Title: 'A title' } })
    expect(answer.messages[0]?.data).toBe('Proposal created: p1')
    expect(library.eval('Proposals.p1.title .. Proposals.p1.description')).toBe('A titletext')
  })

  test('a pipeline reads the camel-case tag NextProcess and sends an array of tags', () => {
    const library = createLibraryProcess({
      setup: `function transformData(data) data.seen = true return data end
Handlers.add(
  "ProcessData",
  Handlers.utils.hasMatchingTag("Action", "ProcessData"),
  function(msg)
    local data = json.decode(msg.Data)
    
    -- Process the data
    local processed = transformData(data)
    
    -- Send to next process in pipeline
    ao.send({
      Target = msg.Tags.NextProcess,
      Data = json.encode(processed),
      Tags = {
        { name = "Action", value = "ReceiveProcessedData" },
        { name = "Source", value = ao.id }
      }
    })
  end
)`,
    })
    const [sent] = library.send({ action: 'ProcessData', data: '{}', tags: { NextProcess: 'next' } }).messages
    expect(sent).toMatchObject({
      target: 'next',
      data: '{"seen":true}',
      tag: { Action: 'ReceiveProcessedData', Source: processId },
    })
  })

  test('subscribers hear what is published', () => {
    const library = createLibraryProcess({
      setup: `Subscribers = Subscribers or {}

Handlers.add(
  "Subscribe",
  Handlers.utils.hasMatchingTag("Action", "Subscribe"),
  function(msg)
    local topic = msg.Tags.Topic
    if not Subscribers[topic] then
      Subscribers[topic] = {}
    end
    
    table.insert(Subscribers[topic], msg.From)
    
    ao.send({
      Target = msg.From,
      Data = "Subscribed to " .. topic
    })
  end
)

-- Broadcast messages
Handlers.add(
  "Publish",
  Handlers.utils.hasMatchingTag("Action", "Publish"),
  function(msg)
    local topic = msg.Tags.Topic
    
    if Subscribers[topic] then
      for _, subscriber in ipairs(Subscribers[topic]) do
        ao.send({
          Target = subscriber,
          Data = msg.Data,
          Tags = {
            { name = "Topic", value = topic },
            { name = "Publisher", value = msg.From }
          }
        })
      end
    end
  end
)`,
    })
    for (const from of ['ann', 'bob']) library.send({ action: 'Subscribe', from, tags: { Topic: 'news' } })
    const answer = library.send({ action: 'Publish', from: 'press', data: 'extra', tags: { Topic: 'news' } })
    expect(answer.messages).toMatchObject([
      { target: 'ann', data: 'extra', tag: { Topic: 'news', Publisher: 'press' } },
      { target: 'bob', data: 'extra', tag: { Topic: 'news', Publisher: 'press' } },
    ])
  })
})

describe('guide: practices', () => {
  test('pcall around json.decode', () => {
    const library = createLibraryProcess({
      setup: `function processData(data) return data.required_field end
Handlers.add(
  "SafeOperation",
  Handlers.utils.hasMatchingTag("Action", "SafeOperation"),
  function(msg)
    local success, result = pcall(function()
      -- Your operation logic here
      local data = json.decode(msg.Data)
      if not data.required_field then
        error("Missing required field")
      end
      
      return processData(data)
    end)
    
    if success then
      ao.send({
        Target = msg.From,
        Data = json.encode({ success = true, result = result })
      })
    else
      ao.send({
        Target = msg.From,
        Data = json.encode({ 
          success = false, 
          error = result,
          timestamp = msg.Timestamp 
        })
      })
    end
  end
)`,
    })
    const run = (data: string) => JSON.parse(String(library.send({ action: 'SafeOperation', data }).messages[0]?.data))
    expect(run('{"required_field":"yes"}')).toEqual({ success: true, result: 'yes' })
    expect(run('{}')).toMatchObject({ success: false, error: expect.stringContaining('Missing required field') })
    expect(run('{')).toMatchObject({ success: false })
  })

  test('roles by Owner', () => {
    const library = createLibraryProcess({
      setup: `Roles = {
  [Owner] = "admin",
  -- Add other role assignments
}

local function hasRole(address, requiredRole)
  return Roles[address] == requiredRole
end

Handlers.add(
  "AdminOnly",
  Handlers.utils.hasMatchingTag("Action", "AdminOnly"),
  function(msg)
    if not hasRole(msg.From, "admin") then
      ao.send({
        Target = msg.From,
        Data = "Access denied: Admin role required"
      })
      return
    end
    
    -- Admin logic here
  end
)`,
    })
    expect(library.send({ action: 'AdminOnly', from: 'other' }).messages).toMatchObject([
      { data: 'Access denied: Admin role required' },
    ])
    expect(library.send({ action: 'AdminOnly' }).messages).toEqual([])
  })

  test('Send at the console', () => {
    const answer = createLibraryProcess().send({
      action: 'Eval',
      data: 'Send({ Action = "Test", Data = "test data" })',
    })
    expect(answer.data).toContain('WARN: No target specified for message.')
    expect(answer.messages).toMatchObject([{ data: 'test data', tag: { Action: 'Test' } }])
  })

  test('messages are handled once by their id', () => {
    const library = createLibraryProcess({
      setup: `Runs = 0
ProcessedMessages = ProcessedMessages or {}

local function isProcessed(messageId)
  return ProcessedMessages[messageId] ~= nil
end

local function markProcessed(messageId)
  ProcessedMessages[messageId] = true
end

Handlers.add(
  "IdempotentHandler",
  Handlers.utils.hasMatchingTag("Action", "IdempotentHandler"),
  function(msg)
    if isProcessed(msg.Id) then
      return -- Already processed
    end
    
    -- Process the message
    Runs = Runs + 1
    
    markProcessed(msg.Id)
  end
)`,
    })
    for (const id of ['a', 'a', 'b']) library.send({ action: 'IdempotentHandler', id })
    expect(library.eval('Runs')).toBe('2')
  })

  test('a health check', () => {
    const library = createLibraryProcess({
      setup: `ProcessedMessages = {}
Handlers.add(
  "HealthCheck",
  Handlers.utils.hasMatchingTag("Action", "HealthCheck"),
  function(msg)
    local health = {
      status = "healthy",
      uptime = msg.Timestamp - (StartTime or 0),
      balance = Balance,
      message_count = #ProcessedMessages,
      last_activity = LastActivity or StartTime
    }
    
    ao.send({
      Target = msg.From,
      Data = json.encode(health)
    })
  end
)`,
    })
    const [sent] = library.send({ action: 'HealthCheck', timestampMs: 5_000 }).messages
    expect(JSON.parse(String(sent?.data))).toEqual({ status: 'healthy', uptime: 5_000, message_count: 0 })
  })

  test('debug output with os.date()', () => {
    const library = createLibraryProcess({
      setup: `local DEBUG_MODE = true

local function debugLog(message, data)
  if DEBUG_MODE then
    print("DEBUG [" .. os.date() .. "]: " .. message)
    if data then
      print("Data: " .. json.encode(data))
    end
  end
end

Handlers.add(
  "DebugHandler",
  function() return DEBUG_MODE end,
  function(msg)
    debugLog("Received message", {
      action = msg.Tags.Action,
      from = msg.From,
      id = msg.Id
    })
  end
)`,
    })
    const lines = String(library.send({ action: 'Any', from: 'ann', id: 'm1' }).data).split('\n')
    expect(lines[0]).toBe('DEBUG [Thu Jan 01 00:00:10 1970]: Received message')
    expect(JSON.parse(String(lines[1]).replace('Data: ', ''))).toEqual({ action: 'Any', from: 'ann', id: 'm1' })
  })
})
