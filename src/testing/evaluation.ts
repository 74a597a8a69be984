import { stripVTControlCharacters } from 'node:util'
import type { StoredResult } from '../store/types.ts'
import type { JsonValue } from '../vm/types.ts'
import type { TestEvaluation, TestMessage, TestTags } from './types.ts'

/** The legacy result object (wire protocol 7.1). Written by compute/, so it is not parsed with suspicion. */
interface ResultJson {
  readonly Messages: readonly {
    readonly Target?: JsonValue
    readonly Data?: JsonValue
    readonly Tags: readonly { readonly name: string; readonly value?: JsonValue }[]
  }[]
  readonly Spawns: readonly unknown[]
  readonly Output: { readonly data?: JsonValue; readonly hints?: readonly string[] } | ''
  readonly Error?: JsonValue
  readonly GasUsed: number
}

/** @param sender - Address whose message it was: the one a reply goes to. */
export function parseEvaluation(json: StoredResult['json'], processId: string, sender: string): TestEvaluation {
  const result = JSON.parse(json) as ResultJson
  const messages = result.Messages.map(({ Target, Data, Tags }) =>
    testMessage(processId, text(Target), Tags, Data === undefined ? ' ' : text(Data)),
  )
  return {
    output: result.Output === '' ? '' : stripVTControlCharacters(text(result.Output.data)),
    error: result.Error === undefined ? undefined : stripVTControlCharacters(text(result.Error)),
    hints: result.Output === '' ? [] : (result.Output.hints ?? []),
    messages,
    reply: messages.find(({ target }) => target === sender),
    spawnCount: result.Spawns.length,
    gasUsed: result.GasUsed,
  }
}

/** Tag values become text in the same way as they do on delivery. */
export function testMessage(
  from: string,
  target: string,
  tagList: readonly { readonly name: string; readonly value?: JsonValue | undefined }[],
  data: string,
): TestMessage {
  // Backwards, so that the first of a name wins; what has no value is not sent.
  const pairs = tagList.flatMap(({ name, value }) =>
    value === undefined || value === null ? [] : [[name, text(value)]],
  )
  const tags: TestTags = Object.fromEntries(pairs.reverse())
  return { from, target, action: tags.Action, tags, data }
}

function text(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
