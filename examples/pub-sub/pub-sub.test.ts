import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let carol: TestWallet
let hub: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
  carol = loom.wallet('carol')
})
afterAll(() => loom.close())

beforeEach(async () => {
  hub = await loom.spawn({ code })
})

const subscribe = (from: TestWallet, topic: string) => hub.send({ from, action: 'Subscribe', tags: { Topic: topic } })
const unsubscribe = (from: TestWallet, topic: string) =>
  hub.send({ from, action: 'Unsubscribe', tags: { Topic: topic } })
const publish = (from: TestWallet, topic: string, data = 'news') =>
  hub.send({ from, action: 'Publish', tags: { Topic: topic }, data })

/** What this hub has told a wallet. */
async function events(wallet: TestWallet) {
  const received = await loom.received(wallet)
  return received.filter(({ action, from }) => action === 'Event' && from === hub.id)
}

describe('Publish', () => {
  test('reaches the subscribers of the topic, in the order they came', async () => {
    await subscribe(bob, 'weather')
    await subscribe(alice, 'weather')
    await subscribe(carol, 'sports')
    const { messages, reply } = await publish(carol, 'weather', 'rain')
    expect(messages.filter(({ action }) => action === 'Event').map(({ target }) => target)).toEqual([
      bob.address,
      alice.address,
    ])
    expect(reply).toMatchObject({ action: 'Published', tags: { Topic: 'weather', Subscribers: '2' } })
    for (const wallet of [alice, bob]) {
      expect(await events(wallet)).toMatchObject([
        { data: 'rain', tags: { Topic: 'weather', Publisher: carol.address } },
      ])
    }
    expect(await events(carol)).toEqual([])
  })

  test('arrives in the order of publication', async () => {
    await subscribe(alice, 'numbers')
    for (const data of ['1', '2', '3']) await publish(bob, 'numbers', data)
    expect((await events(alice)).map(({ data }) => data)).toEqual(['1', '2', '3'])
  })

  test('without subscribers is no mistake', async () => {
    const { reply, messages } = await publish(alice, 'nobody-listens')
    expect(reply?.tags.Subscribers).toBe('0')
    expect(messages).toHaveLength(1)
  })

  test('needs something to say', async () => {
    await subscribe(alice, 'weather')
    const { reply, messages } = await publish(bob, 'weather', '')
    expect(reply).toMatchObject({ action: 'Publish-Error', tags: { Error: 'Data must be the text to publish.' } })
    expect(messages).toHaveLength(1)
    expect(await hub.state('Published')).toBe(0)
  })
})

describe('Subscribe', () => {
  test('twice is one subscription', async () => {
    expect((await subscribe(alice, 'weather')).reply?.tags).not.toHaveProperty('Already')
    expect((await subscribe(alice, 'weather')).reply).toMatchObject({ action: 'Subscribed', tags: { Already: 'true' } })
    expect((await publish(bob, 'weather')).reply?.tags.Subscribers).toBe('1')
    expect(await events(alice)).toHaveLength(1)
  })

  test('shows in the list of the sender alone', async () => {
    await subscribe(alice, 'weather')
    await subscribe(alice, 'news/local')
    await subscribe(bob, 'sports')
    const { reply } = await hub.send({ from: alice, action: 'Subscriptions' })
    expect(JSON.parse(reply?.data ?? '')).toEqual(['news/local', 'weather'])
    const none = await hub.send({ from: carol, action: 'Subscriptions' })
    expect(JSON.parse(none.reply?.data ?? '')).toEqual([])
  })

  test.each(['', 'two words', 'x'.repeat(65), 'a\nb', 'ünicode'])('refuses the topic "%s"', async (topic) => {
    const { reply } = await subscribe(alice, topic)
    expect(reply).toMatchObject({ action: 'Subscribe-Error', tags: { Error: expect.stringMatching(/^Topic must be/) } })
    expect(await hub.state('Topics')).toEqual([])
  })

  test('refuses a message without topic', async () => {
    const { reply } = await hub.send({ from: alice, action: 'Subscribe' })
    expect(reply?.tags.Error).toMatch(/^Topic must be/)
  })

  test('refuses more subscribers than a topic has room for', async () => {
    // The hub looks at addresses only, so it can be filled without 500 wallets.
    await hub.eval(`local full = { list = {}, known = {} }
      for i = 1, 500 do full.list[i] = "subscriber" .. i full.known["subscriber" .. i] = true end
      Topics.full = full`)
    expect((await subscribe(alice, 'full')).reply?.tags.Error).toMatch(/^The topic is full: 500/)
    expect(await hub.state('#Topics.full.list')).toBe(500)
  })
})

describe('Unsubscribe', () => {
  test('ends the events of that topic and of that sender alone', async () => {
    for (const wallet of [alice, bob, carol]) await subscribe(wallet, 'weather')
    await subscribe(bob, 'sports')
    expect((await unsubscribe(bob, 'weather')).reply?.action).toBe('Unsubscribed')
    await publish(alice, 'weather', 'sun')
    await publish(alice, 'sports', 'goal')
    expect((await events(alice)).map(({ data }) => data)).toEqual(['sun'])
    expect((await events(bob)).map(({ data }) => data)).toEqual(['goal'])
    expect((await events(carol)).map(({ data }) => data)).toEqual(['sun'])

    expect((await unsubscribe(bob, 'weather')).reply?.action).toBe('Unsubscribe-Error')
    expect((await subscribe(bob, 'weather')).reply?.tags).not.toHaveProperty('Already')
    await publish(alice, 'weather', 'snow')
    expect((await events(bob)).map(({ data }) => data)).toEqual(['goal', 'snow'])
  })

  test('by the last subscriber leaves nothing behind, and one may come back', async () => {
    await subscribe(alice, 'weather')
    await unsubscribe(alice, 'weather')
    expect(await hub.state('Topics')).toEqual([])
    expect((await subscribe(alice, 'weather')).reply?.tags).not.toHaveProperty('Already')
    expect((await publish(bob, 'weather')).reply?.tags.Subscribers).toBe('1')
  })

  test.each(['weather', 'sports'])('refuses who is not subscribed to %s', async (topic) => {
    await subscribe(alice, 'weather')
    const { reply } = await unsubscribe(bob, topic)
    expect(reply).toMatchObject({ action: 'Unsubscribe-Error', tags: { Error: `You are not subscribed to ${topic}.` } })
  })
})

test('processes subscribe, publish and react', async () => {
  const sensor = await loom.spawn({ wallet: alice })
  const alarm = await loom.spawn({
    wallet: bob,
    code: `Alarms = {}
      Handlers.add("Event", "Event", function(msg)
        if msg.From == "${hub.id}" and tonumber(msg.Data) > 30 then Alarms[#Alarms + 1] = msg.Publisher .. " " .. msg.Data end
      end)
      Send({ Target = "${hub.id}", Action = "Subscribe", Topic = "temperature" })`,
  })
  await loom.idle()
  await sensor.eval(`for _, degrees in ipairs({ "21", "35", "28" }) do
      Send({ Target = "${hub.id}", Action = "Publish", Topic = "temperature", Data = degrees })
    end`)
  expect(await alarm.state('Alarms')).toEqual([`${sensor.id} 35`])
  expect((await sensor.inbox()).map(({ action }) => action)).toEqual(['Published', 'Published', 'Published'])
})
