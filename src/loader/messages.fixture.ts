/** Messages as suites write them. Process API 2.1 and 2.2. */

export const processId: string = 'AOS'
export const owner: string = 'FOOBAR'

export const environment: object = {
  Process: { Id: processId, Owner: owner, Tags: [{ name: 'Name', value: 'Thomas' }] },
}

export function tagList(tags: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(tags).map(([name, value]) => ({ name, value }))
}

/** A message of the owner, with `changes` to its root fields. */
export function message(tags: Readonly<Record<string, string>> = {}, changes: object = {}): object {
  return {
    ...{ Id: 'MESSAGE', Target: processId, From: owner, Owner: owner, Module: 'WOOPAWOOPA' },
    ...{ Timestamp: 1_700_000_000_000, 'Block-Height': '999', Data: '', Tags: tagList(tags) },
    ...changes,
  }
}

/** The first message of a process. */
export const processMessage: object = message({}, { Id: processId })

export function evalMessage(code: string): object {
  return message({ Action: 'Eval' }, { Data: code })
}
