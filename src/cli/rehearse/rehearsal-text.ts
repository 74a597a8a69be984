import { stripVTControlCharacters } from 'node:util'
import type { BeforeAfter, Rehearsal, RehearsedMessage, ValueDifference } from '../../compute/rehearsal.ts'
import type { OutgoingMessage } from '../client/node-client.ts'
import { resultLines } from '../client/result-text.ts'

const lengthShown = 200

/** A rehearsal for people: first the code, then a line for each message, with what differs below it. */
export function rehearsalLines({
  code,
  messages,
  differing,
  afterNonce,
  isStateComplete,
}: Rehearsal): readonly string[] {
  if (code.error !== undefined) {
    return [`The code fails in the state after nonce ${afterNonce}, so nothing was replayed:`, text(code.error)]
  }
  return [
    `The code, in the state after nonce ${afterNonce}:`,
    ...(code.output === '' ? [] : [`  output  ${text(code.output)}`]),
    ...stateLines(code.state),
    ...messages.flatMap(messageLines),
    `${differing} of ${messages.length} messages differ. Gas: ${gasText(totalGas(messages))}`,
    ...(isStateComplete ? [] : ['The state is too large to be compared as a whole: parts of it were left out.']),
  ]
}

function messageLines({ nonce, action = 'no action', from, gas, ...message }: RehearsedMessage): readonly string[] {
  const details = [
    ...pairLines('output', message.output),
    ...pairLines('error', message.error),
    ...sentLines(message.outbox),
    ...stateLines(message.state),
  ]
  const verdict = details.length === 0 ? 'same' : 'differs'
  return [`nonce ${nonce}  ${text(action)}  from ${text(from)}  ${verdict}  gas ${gasText(gas)}`, ...details]
}

function pairLines(what: string, pair: BeforeAfter<unknown> | undefined): readonly string[] {
  if (pair === undefined) return []
  return [`  ${what}`, `    - ${text(pair.before)}`, `    + ${text(pair.after)}`]
}

/** Each message as other commands print it. */
function sentLines(pair: BeforeAfter<unknown> | undefined): readonly string[] {
  if (pair === undefined) return []
  const lines = (sent: unknown, sign: string): readonly string[] => {
    const messages = sent as readonly OutgoingMessage[]
    const [, ...described] = messages.length === 0 ? ['', 'nothing'] : resultLines({ Messages: messages })
    return described.map((line) => `    ${sign} ${text(line.trim())}`)
  }
  return ['  sent', ...lines(pair.before, '-'), ...lines(pair.after, '+')]
}

function stateLines(values: readonly ValueDifference[] | undefined): readonly string[] {
  return (values ?? []).map(
    ({ path, before, after }) => `  ${text(path)}  ${text(before ?? 'nothing')} → ${text(after ?? 'nothing')}`,
  )
}

function totalGas(messages: readonly RehearsedMessage[]): BeforeAfter<number> {
  const sum = (which: keyof BeforeAfter<number>): number => messages.reduce((total, { gas }) => total + gas[which], 0)
  return { before: sum('before'), after: sum('after') }
}

function gasText({ before, after }: BeforeAfter<number>): string {
  if (before === after) return before.toLocaleString('en')
  const percent =
    before === 0 ? '' : ` (${after > before ? '+' : ''}${(((after - before) / before) * 100).toFixed(1)} %)`
  return `${before.toLocaleString('en')} → ${after.toLocaleString('en')}${percent}`
}

/** On one line, and without what would change the terminal. */
function text(value: unknown): string {
  const plain = stripVTControlCharacters(typeof value === 'string' ? value : JSON.stringify(value))
  const line = plain.replace(/\s+/g, ' ')
  return line.length <= lengthShown ? line : `${line.slice(0, lengthShown)}… (${line.length} characters)`
}
