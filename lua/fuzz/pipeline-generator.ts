/**
 * Random fuzz cases. Names, actions and values come from small sets, so that they meet.
 *
 * @module
 */
import fc from 'fast-check'
import type { Tag } from '../../src/protocol/types.ts'
import type { JsonValue } from '../../src/vm/types.ts'
import {
  type CaseMessage,
  dataTexts,
  type Expression,
  type FunctionPattern,
  type Handle,
  type InnerMessage,
  type MaxRuns,
  type Pattern,
  type PipelineCase,
  type Registration,
  type ResolverCase,
  type SenderName,
  type SendFields,
  type Step,
  type Steps,
  type Subject,
  type Then,
  type ValuePattern,
  type Verdict,
} from './pipeline-case.ts'

/** Each as often as its weight says; a failing case shrinks to the first. */
function either<T>(...pairs: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof({ withCrossShrink: true }, ...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}

function weighted<T>(...pairs: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return either(...pairs.map(([weight, value]) => [weight, fc.constant(value)] as const))
}

const pick = <T extends string>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

/** One of the words of a text. */
const word = (words: string): fc.Arbitrary<string> => pick(...words.split(' '))

/** Undefined once, to so many times that it is there. */
const optional = <T>(arbitrary: fc.Arbitrary<T>, times = 2): fc.Arbitrary<T | undefined> =>
  either<T | undefined>([1, fc.constant(undefined)], [times, arbitrary])

type Arbitraries<T> = { readonly [K in keyof T]: fc.Arbitrary<T[K]> }

function step<N extends Step['do'], T>(name: N, fields: Arbitraries<T>): fc.Arbitrary<{ readonly do: N } & T> {
  return fc.record(fields).map((rest) => ({ do: name, ...rest }) as { readonly do: N } & T)
}

function kind<N extends string, T>(name: N, fields: Arbitraries<T>): fc.Arbitrary<{ readonly is: N } & T> {
  return fc.record(fields).map((rest) => ({ is: name, ...rest }) as { readonly is: N } & T)
}

const action = weighted([6, 'Go'], [3, 'Ping'], [2, 'Ask'], [1, 'go'])
const value = pick('a', 'B7', 'Go', 'go', 'x.y', 'A1', '2', '')
const reference = word('1 2 3 4')
const address = word('ALICE Bob-Process PROCESS carol OWNER')
const ownName = either([9, word('a b c')], [1, word('_once_0 _once_1')])
const handlerName = either([9, ownName], [1, word('_eval _default')])
/** For what may stand twice in the list. */
const doubledName = either([9, word('a b c')], [1, word('a _once_0 _once_1 _eval')])
const who: fc.Arbitrary<Subject> = weighted<Subject>([3, 'msg'], [2, 'received'])

// Patterns.

const breaking = fc.constantFrom<Verdict>(true, 'break', -1, -0.5)
const continuing = fc.constantFrom<Verdict>('continue', 1, 42, 0.5)
const skipping = fc.constantFrom<Verdict>(false, 0, 'skip', 'anything', '')
const invalid = fc.constantFrom<Verdict>(undefined, {})
const running = either([3, continuing], [2, breaking])
const anyVerdict = either([6, skipping], [4, running], [1, invalid])

/** A part of a Lua pattern, and of the regular expression that means the same for a text in lower case. */
interface PatternPart {
  readonly lua: string
  readonly regex: string
}

const literal = word('a B g O 7 1').map((char) => ({ lua: char, regex: char.toLowerCase() }))
const escaped = word('. - % +').map((char) => ({ lua: `%${char}`, regex: `\\${char}` }))
const characterClass: fc.Arbitrary<PatternPart> = fc.constantFrom(
  { lua: '.', regex: '.' },
  { lua: '%d', regex: '[0-9]' },
  { lua: '%D', regex: '[^0-9]' },
  { lua: '%a', regex: '[a-z]' },
  { lua: '%A', regex: '[^a-z]' },
  { lua: '%S', regex: '\\S' },
  { lua: '%w', regex: '[a-z0-9]' },
  { lua: '%W', regex: '[^a-z0-9]' },
  { lua: '%l', regex: '[a-z]' },
  { lua: '%u', regex: '[^\\s\\S]' },
  { lua: '[A-C]', regex: '[a-c]' },
  { lua: '[^GA]', regex: '[^ga]' },
  { lua: '[%d.]', regex: '[0-9.]' },
)
const patternPart: fc.Arbitrary<PatternPart> = fc
  .tuple(either([3, literal], [2, characterClass], [1, escaped]), either([6, pick('')], [4, word('* + ? -')]))
  .map(([{ lua, regex }, times]) => ({ lua: lua + times, regex: regex + (times === '-' ? '*?' : times) }))
const luaPattern: fc.Arbitrary<ValuePattern> = fc
  .record({
    parts: fc.array(patternPart, { minLength: 1, maxLength: 3 }),
    isStart: fc.boolean(),
    isGroup: fc.boolean(),
    isEnd: fc.boolean(),
  })
  .map(({ parts, isStart, isGroup, isEnd }) => {
    const join = (key: keyof PatternPart): string => {
      const inner = parts.map((part) => part[key]).join('')
      return `${isStart ? '^' : ''}${isGroup ? `(${inner})` : inner}${isEnd ? '$' : ''}`
    }
    return { is: 'text', text: join('lua'), regex: join('regex') }
  })

const text = either([2, value], [2, action], [1, address], [1, word('alice bob-process OWNER ping')])
const plainText: fc.Arbitrary<ValuePattern> = kind('text', { text: text.filter((each) => !each.includes('.')) })
const comparison: fc.Arbitrary<ValuePattern> = kind('function', {
  compares: pick('value', 'data'),
  with: either([2, value], [2, action], [1, word('ping A1')]),
  verdict: fc.constantFrom<Verdict>(true, 0, '', false, undefined),
})
const simpleValue = either<ValuePattern>(
  [4, plainText],
  [3, fc.constant<ValuePattern>({ is: 'text', text: '_' })],
  [3, luaPattern],
  [2, comparison],
  [1, kind('constant', { value: fc.constantFrom<boolean | number>(true, false, 3) })],
  [1, kind('error', { text: word('boom-1 boom-2') })],
)
const alternatives = (inner: fc.Arbitrary<ValuePattern>): fc.Arbitrary<ValuePattern> =>
  kind('any', { of: fc.array(inner, { maxLength: 3 }) })
const valuePattern = either<ValuePattern>(
  [6, simpleValue],
  [1, alternatives(either<ValuePattern>([5, simpleValue], [1, alternatives(simpleValue)]))],
)

const specKey = either(
  [8, pick('Action')],
  [3, word('From Data Kind X-Reference')],
  [2, word('Owner Target Id Note NextProcess Nextprocess Reference Forwarded-By Module')],
  [1, word('Type Data-Protocol action nextprocess Nonce Timestamp Cron Tags')],
  [1, word('reply forward TagArray')],
)
const tablePattern: fc.Arbitrary<Pattern> = kind('table', {
  keys: fc.dictionary(specKey, valuePattern, { maxKeys: 2 }),
})
const actionPattern: fc.Arbitrary<Pattern> = kind('action', { action })
const utilityPattern: fc.Arbitrary<Pattern> = either<Pattern>(
  [1, kind('hasMatchingTag', { name: word('Action Kind NextProcess kind'), value })],
  [1, kind('hasMatchingData', { value: word('ping A1 5') })],
)

/** Functions that look at one field. */
function functionPattern(
  verdict: fc.Arbitrary<Verdict>,
  otherwise: fc.Arbitrary<Verdict>,
  steps: fc.Arbitrary<Steps> = fc.constant([]),
): fc.Arbitrary<FunctionPattern> {
  const condition = either<readonly [string, string]>(
    [6, fc.tuple(pick('Action'), action)],
    [1, fc.tuple(pick('Data'), word('ping A1'))],
    [1, fc.tuple(word('Kind NextProcess x_reference'), value)],
  )
  return fc
    .record({ steps, condition, verdict, otherwise })
    .map(({ condition: [key, wanted], ...rest }) => ({ is: 'function', key, value: wanted, ...rest }))
}

/** Patterns without effects that are true or false. */
const purePattern = either<Pattern>(
  [3, actionPattern],
  [2, tablePattern],
  [2, functionPattern(fc.constant(true), fc.constant(false))],
)
const continuePattern: fc.Arbitrary<Pattern> = kind('continue', {
  pattern: either<Pattern>([2, purePattern], [1, functionPattern(anyVerdict, skipping)]),
})

// Sending.

const fieldValue = either<JsonValue>(
  [4, value],
  [1, fc.constantFrom<JsonValue>(5, 1.5, true, false)],
  [1, fc.constantFrom<JsonValue>({ x: 1 }, [1, 'two'], { deep: { er: 'y' } })],
)
const ownTags: fc.Arbitrary<SendFields['tags']> = fc
  .record({
    shape: pick('array', 'map'),
    tags: fc.array(fc.record({ name: word('Kind Action kind Type X-Reference Foo'), value }), { maxLength: 3 }),
  })
  .map(({ shape, tags }) => ({ shape, tags: shape === 'array' ? tags : lastOfEach(tags) }))
const sendFields: fc.Arbitrary<SendFields> = fc
  .record({
    target: optional(address, 6),
    data: optional(fieldValue),
    other: fc.dictionary(word('Action Kind foo_bar X-Reference X-Origin Reply-To Type From Anchor Note'), fieldValue, {
      maxKeys: 2,
    }),
    tags: optional(ownTags, 1),
  })
  .map(({ target, data, other, tags }) => ({
    root: { ...(target !== undefined && { Target: target }), ...(data !== undefined && { Data: data }), ...other },
    ...(tags !== undefined && { tags }),
  }))

function lastOfEach(tags: readonly Tag[]): Tag[] {
  return [...new Map(tags.map((tag) => [tag.name, tag])).values()]
}

// Steps.

const fieldName = either(
  [4, word('Id Data Action From')],
  [2, word('NextProcess next_process Kind kind Note X-Reference Reply-To X-Origin Reference')],
  [2, word('Timestamp Nonce block_height Hash-Chain Cron Owner Target Module Signature Forwarded-By')],
  [1, fc.oneof(word('Type Tags tags TagArray reply Pushed-For Tagarray - Missing'), pick(''))],
)
const print: fc.Arbitrary<Step> = step('print', {
  value: either<Expression>(
    [2, fc.record({ text: word('one two three') })],
    [2, fc.record({ of: who, key: fieldName })],
    [1, fc.record({ whole: who })],
    [1, fc.record({ of: who, tag: word('NextProcess Kind kind Action Type Id From Data Tags Nonce Missing _') })],
    [2, fc.record({ global: pick('time', 'inbox', 'list', 'onceNonce', 'reference', 'waiting') })],
  ),
})
const error: fc.Arbitrary<Step> = step('error', {
  kind: pick('text', 'text', 'text', 'bare', 'table'),
  text: word('boom-3 boom-4'),
})
const innerMessage: fc.Arbitrary<InnerMessage> = fc.record({
  action,
  data: optional(word('ping A1')),
  tags: fc.dictionary(word('Kind NextProcess X-Reference'), value, { maxKeys: 1 }),
})
const evaluate: fc.Arbitrary<Step> = step('evaluate', {
  message: either<Subject | InnerMessage>([2, innerMessage], [1, who]),
})
const rare = either<Step>(
  [3, step('assign', { to: address })],
  [3, step('addAssignable', { name: optional(word('x y')), pattern: purePattern })],
  [2, step('removeAssignable', { which: fc.constantFrom('x', 'y', 1, 2) })],
  [2, step('authorities', { add: optional(word('MALLORY MALLORY-PROCESS carol')) })],
  [1, step('receiveInSort', { pattern: purePattern })],
  [1, step('fail', { text: word('own-failure another') })],
  [1, fc.constant<Step>({ do: 'emptyInbox' })],
)

interface Level {
  readonly step: fc.Arbitrary<Step>
  readonly steps: fc.Arbitrary<Steps>
  readonly register: fc.Arbitrary<Step>
}

/** Steps that may hold the steps of an inner level; without one, steps that hold none. */
function level(inner: Level | undefined): Level {
  const steps = inner?.steps ?? fc.array(print, { maxLength: 1 })
  const pattern = either<Pattern>(
    [6, actionPattern],
    [5, tablePattern],
    [5, functionPattern(running, skipping)],
    [1, functionPattern(anyVerdict, skipping)],
    [1, functionPattern(running, either([8, skipping], [4, continuing], [1, breaking]), steps)],
    [1, utilityPattern],
    [3, continuePattern],
  )
  const handle = either<Handle>(
    [8, kind('steps', { steps })],
    [
      1,
      kind('resolver', {
        cases: fc.uniqueArray(fc.record({ pattern: purePattern, steps }), { maxLength: 2, selector: keyOf }),
      }),
    ],
    [1, kind('reply', { input: either<string | SendFields>([1, value], [1, sendFields]) })],
  )
  const maxRuns = weighted<MaxRuns>([6, undefined], [3, 1], [2, 2], [1, 3], [1, 'inf'])
  const adding = pick('add', 'append', 'prepend')
  const register = step('register', {
    registration: either<Registration>(
      [8, fc.record({ by: adding, name: handlerName, pattern, handle, maxRuns })],
      [1, fc.record({ by: adding, name: action, pattern: fc.constant(undefined), handle })],
      [3, fc.record({ by: pick('once'), name: optional(handlerName, 1), pattern, handle })],
      [3, fc.record({ by: pick('before', 'after'), anchor: handlerName, name: doubledName, pattern, handle, maxRuns })],
      [1, fc.record({ by: pick('table'), at: pick('first', 'last'), name: doubledName, pattern, steps })],
    ),
  })
  const then = either<Then | undefined>(
    [4, fc.constant(undefined)],
    [2, fc.record({ do: pick('receive'), from: optional(address, 1) })],
    [2, fc.record({ do: pick('onReply'), from: optional(address, 1), handle })],
  )
  const simple = either<Step>(
    [6, print],
    [4, step('receive', { pattern })],
    [2, step('send', { by: pick('ao.send', 'Send'), fields: sendFields, then })],
    [2, step('reply', { to: who, fields: sendFields, then })],
    [1, step('forward', { of: who, target: address, fields: optional(sendFields, 1) })],
    [1, step('set', { of: who, key: word('Note Kind Action'), value: action })],
    [2, step('remove', { name: handlerName, by: pick('Handlers', 'table') })],
    [1, error],
  )
  const nesting = either<Step>(
    [6, register],
    [3, step('when', { of: who, key: word('Action Data Kind'), is: action, steps })],
    [3, fc.tuple(steps, fc.array(either([2, evaluate], [1, error]), { maxLength: 1 })).map(inPcall)],
    [2, step('coroutine', { steps })],
    [2, evaluate],
  )
  const any = either<Step>([16, simple], [1, rare], ...(inner === undefined ? [] : [[6, nesting] as const]))
  return { step: any, steps: fc.array(any, { maxLength: inner === undefined ? 2 : 4 }), register }
}

function inPcall([steps, last]: [Steps, Steps]): Step {
  return { do: 'pcall', steps: [...steps, ...last] }
}

/** What must differ between the cases of a resolver: keys of a table. Functions and tables always do. */
function keyOf({ pattern }: ResolverCase): unknown {
  return pattern.is === 'action' ? pattern.action : pattern
}

const top = level(level(level(undefined)))

// Messages.

const incomingTag = either<Tag>(
  [3, fc.record({ name: word('Action action ACTION'), value: action })],
  [2, fc.record({ name: word('X-Reference x_reference'), value: reference })],
  [2, fc.record({ name: word('Reply-To X-Origin'), value: address })],
  [2, fc.record({ name: word('Reference Kind kind Note NextProcess next_process nextprocess'), value })],
  [1, fc.record({ name: word('From Owner Target Id Data Nonce Timestamp Cron'), value: fc.oneof(value, address) })],
  [
    1,
    fc.record({
      name: fc.oneof(
        word('Type Data-Protocol Variant From-Process Tags TagArray Block-Height Hash-Chain Module Forwarded-By'),
        fc.oneof(word('Signature Pushed-For Read-Only Anchor reply _ Eval'), pick('')),
      ),
      value,
    }),
  ],
  [
    1,
    fc.record({
      name: word('Content-Type content_type'),
      value: pick('application/json', 'application/json', 'application/json; charset=utf-8', 'text/plain'),
    }),
  ],
)
const dataText = either([3, word('ping A1 5')], [1, pick(...Object.keys(dataTexts))])
const sender = weighted<SenderName>([3, 'alice'], [3, 'bob'], [2, 'owner'], [1, 'self'], [1, 'mallory'])
const assigned = weighted([12, false], [1, true])

const actionTag: fc.Arbitrary<Tag> = fc.record({ name: pick('Action'), value: action })
const plainMessage: fc.Arbitrary<CaseMessage> = fc.record({
  sender,
  assigned,
  tags: fc
    .tuple(fc.array(actionTag, { maxLength: 1 }), fc.array(incomingTag, { maxLength: 3 }))
    .map((lists) => lists.flat()),
  data: optional(dataText),
  answers: fc.constant(undefined),
})
const answer: fc.Arbitrary<CaseMessage> = fc.record({
  sender,
  assigned: fc.constant(false),
  tags: fc.array(incomingTag, { maxLength: 2 }),
  data: optional(dataText),
  answers: fc.record({ back: fc.nat({ max: 4 }), isFromTarget: weighted([3, true], [1, false]) }),
})

const returns = either<readonly Verdict[]>(
  [12, fc.constant([])],
  [6, fc.tuple(fc.constantFrom<Verdict>('text', 5, true, false, undefined, {}))],
  [4, fc.constantFrom<readonly Verdict[]>([undefined, 'problem'], [1, 2], [false, 'text'], [undefined, true])],
)
const program = fc.record({
  steps: fc.array(either<Step>([3, top.register], [2, top.step]), { minLength: 1, maxLength: 4 }),
  returns,
})

function evalMessage(
  from: fc.Arbitrary<SenderName>,
  data: fc.Arbitrary<CaseMessage['data']>,
): fc.Arbitrary<CaseMessage> {
  return fc
    .record({ sender: from, assigned, tags: fc.array(incomingTag, { maxLength: 1 }), data })
    .map(({ tags, ...rest }) => ({ ...rest, answers: undefined, tags: [...tags, { name: 'Action', value: 'Eval' }] }))
}

const ownerEval = evalMessage(fc.constant('owner'), program)
const message = either<CaseMessage>(
  [10, plainMessage],
  [5, answer],
  [3, ownerEval],
  [1, evalMessage(fc.constant('owner'), optional(dataText))],
  [1, evalMessage(sender, either<CaseMessage['data']>([2, optional(dataText)], [1, program]))],
)

export const pipelineCases: fc.Arbitrary<PipelineCase> = fc
  .tuple(fc.array(ownerEval, { minLength: 1, maxLength: 3 }), fc.array(message, { minLength: 1, maxLength: 14 }))
  .map(([first, rest]) => ({ messages: [...first, ...rest] }))
