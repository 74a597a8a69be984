import type { Evaluation, OutgoingData, OutgoingMessage, OutgoingSpawn, OutgoingTag } from '../vm/types.ts'

/**
 * The legacy result object as JSON text (wire protocol 7.1). It is made once, stored, and sent as it is.
 *
 * Lists are there even when empty, also beside `Error`, because clients read them without asking.
 */
export function resultJson(evaluation: Evaluation): string {
  if (!evaluation.ok) {
    const { error, gasUsed } = evaluation
    return stringify({ Messages: [], Assignments: [], Spawns: [], Output: '', Error: error, GasUsed: gasUsed })
  }
  const { output, messages, spawns, assignments, gasUsed } = evaluation
  return stringify({
    Messages: messages.map(messageJson),
    Assignments: assignments,
    Spawns: spawns.map(spawnJson),
    Output: {
      data: text(output.data),
      prompt: output.prompt,
      ...(output.print ? { print: true } : {}),
      ...(output.test === undefined ? {} : { test: output.test }),
      ...(output.hints.length === 0 ? {} : { hints: output.hints }),
    },
    GasUsed: gasUsed,
  })
}

function messageJson({ target, data, anchor, tags }: OutgoingMessage): object {
  return { Target: target, Data: text(data), Anchor: anchor, Tags: tags.map(tagJson) }
}

function spawnJson({ data, anchor, tags }: OutgoingSpawn): object {
  return { Data: text(data), Anchor: anchor, Tags: tags.map(tagJson) }
}

function tagJson({ name, value }: OutgoingTag): object {
  return { name, value }
}

/** JSON has no bytes: data that is not UTF-8 is shown with replacement characters; the item keeps it whole. */
function text(data: OutgoingData): unknown {
  return data instanceof Uint8Array ? Buffer.from(data).toString('utf8') : data
}

/** A value nested too deep for the JSON writer came out of a reader, so it is the process's doing. */
function stringify(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    return JSON.stringify({
      ...{ Messages: [], Assignments: [], Spawns: [], Output: '' },
      Error: 'The result is nested too deep to be written as JSON.',
    })
  }
}
