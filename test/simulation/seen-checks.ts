import type { Observations } from './clients.ts'
import type { History, Report } from './rules.ts'

/** I5, I6, P3: what clients were told is so. */
export function checkSeen({ record, seen, replayed }: History, report: Report): void {
  const places = new Map<string, number>()
  for (const [processId, { entries }] of record.processes) {
    for (const entry of entries) places.set(`${processId}/${entry.itemId}`, entry.nonce)
  }
  const fresh = new Map<string, number>()
  for (const { processId, itemId, nonce, timestampMs, duplicate, kind } of seen.acknowledgements) {
    const name = `${processId}/${itemId}`
    const entry = record.processes.get(processId)?.entries[nonce]
    if (entry === undefined || entry.itemId !== itemId || entry.timestampMs !== timestampMs || entry.kind !== kind) {
      report('I6', `item ${itemId} was acknowledged as #${nonce} of ${processId}, where now is ${entry?.itemId}`)
    }
    if (!duplicate) fresh.set(name, (fresh.get(name) ?? 0) + 1)
  }
  for (const [name, count] of fresh) if (count > 1) report('I6', `${name} was acknowledged as new ${count} times`)
  checkRealTimeOrder(seen, report)
  for (const { processId, nonce, assignmentId } of seen.entries) {
    if (record.processes.get(processId)?.entries[nonce]?.assignmentId !== assignmentId) {
      report('I6', `#${nonce} of ${processId} was read as ${assignmentId}, and is another now`)
    }
  }
  for (const { itemId, result } of seen.results) {
    const { processId, nonce } = result
    const last = record.processes.get(processId)?.results[nonce]
    const isSame = last?.json === result.json && last.failed === result.failed && last.gasUsed === result.gasUsed
    if (places.get(`${processId}/${itemId}`) !== nonce || !isSame) {
      report('P3', `the result of ${itemId} was ${result.json} at #${nonce}, and is ${last?.json} now`)
    }
  }
  for (const [itemId, { processId, isMaybeStored }] of seen.refused) {
    if (isMaybeStored) continue
    const nonce = places.get(`${processId}/${itemId}`)
    if (nonce !== undefined) report('I6', `item ${itemId} was refused, but is #${nonce} of ${processId}`)
  }
  checkLooks(seen, report)
  for (const { processId, nonce, hash } of seen.stateHashes) {
    const due = replayed.get(processId)?.stateHashes ?? []
    const isDue = nonce === undefined ? due.includes(hash) : due[nonce] === hash
    if (!isDue)
      report('I2', `the state of ${processId} after #${nonce ?? 'some'} had hash ${hash}; the log gives ${due}`)
  }
  checkCounts(seen, replayed, report)
  for (const problem of seen.problems) report('answers', problem)
}

/** I2: values of the past, and the entries that made them, are those that the log gives. */
function checkCounts({ counts, lastChanges }: Observations, replayed: History['replayed'], report: Report): void {
  for (const { processId, nonce, json } of counts) {
    const due = replayed.get(processId)?.counts[nonce + 1]
    if (json !== due) report('I2', `${processId} had counted ${json} after #${nonce}; the log gives ${due}`)
  }
  for (const { processId, atNonce, change } of lastChanges) {
    const due = replayed.get(processId)?.counts ?? []
    let last = atNonce
    while (last >= 0 && due[last] === due[last + 1]) last -= 1
    const given = change.isFound ? change.nonce : change.sinceNonce
    const isSame = change.isFound && change.before === due[last] && change.after === due[last + 1]
    if (given !== last || isSame !== last >= 0) {
      const text = `${processId} counted last with ${JSON.stringify(change)}, up to #${atNonce}`
      report('I2', `${text}; the log gives ${due.slice(0, atNonce + 2).join(', ')}`)
    }
  }
}

/** I1: what was sent after something was acknowledged stands behind it. */
function checkRealTimeOrder({ acknowledgements }: Observations, report: Report): void {
  for (const a of acknowledgements) {
    for (const b of acknowledgements) {
      if (a.processId !== b.processId || a.answeredAtMs >= b.askedAtMs || b.duplicate || a.nonce < b.nonce) continue
      report('I1', `${b.itemId} was sent after ${a.itemId} was #${a.nonce} of ${a.processId}, and is #${b.nonce}`)
    }
  }
}

/** I5: a dry run sees a count that the process had, plus itself, and not less than a client of this run was told before. */
function checkLooks({ looks, results }: Observations, report: Report): void {
  const counts = results.map((told) => ({
    ...told,
    processId: told.result.processId,
    count: countIn(told.result.json),
  }))
  for (const look of looks) {
    const { processId, json, run, askedAtMs } = look
    const { Messages = [], Error: problem } = JSON.parse(json) as { Messages?: { Data: string }[]; Error?: string }
    const counted = Number(Messages[0]?.Data)
    if (problem !== undefined || Messages.length !== 1 || !(counted >= 1)) {
      report('I5', `a dry run of ${processId} gave ${json}`)
    }
    for (const told of counts) {
      const isEarlier = told.processId === processId && told.run === run && told.answeredAtMs < askedAtMs
      if (isEarlier && counted <= told.count) {
        report(
          'I5',
          `a dry run of ${processId} saw ${counted - 1}, after the result #${told.result.nonce} had ${told.count}`,
        )
      }
    }
  }
}

/** What a process had counted after a message; 0 when the result does not say. */
function countIn(json: string): number {
  const { Output } = JSON.parse(json) as { Output?: { data?: unknown } | string }
  return typeof Output === 'object' ? Number(/^\d+$/.exec(String(Output.data))?.[0] ?? 0) : 0
}
