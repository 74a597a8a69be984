import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadNodeKey } from '../../src/network/node-key.ts'
import type { ProcessId } from '../../src/protocol/ids.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Clients } from './clients.ts'
import type { Crash } from './crash-points.ts'
import { checkLogs, type Known, type LogReport } from './log-checks.ts'
import { type FinalStates, type LaunchedNode, launchChild, launchLoom } from './node-process.ts'

/** `loom start` is killed so long after its program began, or after it was ready and clients began to send. */
export interface TimedKill {
  readonly since: 'start' | 'ready'
  readonly afterMs: number
}

/** How a node dies: by its own hand at a call to the store, or by ours at any moment. */
export type Kill = Crash | TimedKill

export interface HistoryOptions {
  /** Of what clients do. What the node makes of it depends on the machine's moods too. */
  readonly seed: number
  readonly kills: readonly Kill[]
  /** False: the control. Default true. */
  readonly deduplicate?: boolean
  /** Requests that clients send before they pause. Before the first kill and after the last there is one burst. */
  readonly burstCount?: number
}

/** A data directory whose network is idle and closed, and what is known of it from outside. */
export interface History extends Known {
  readonly dataDirectory: string
  readonly dryRunCount: number
  /** What went wrong before anybody looked into the log. */
  readonly violations: readonly string[]
}

export interface EpisodeReport extends LogReport {
  readonly acknowledgedCount: number
  readonly dryRunCount: number
  /** Removed when there are no violations. */
  readonly dataDirectory: string
}

/** A node that has not reached the call at which it is to die, or has not become idle, never will. */
const patienceMs = 60_000

/** One data directory: a node that is killed again and again under load, a last run that ends in order, the checks. */
export async function runEpisode(options: HistoryOptions): Promise<EpisodeReport> {
  const history = await makeHistory(options)
  const { dataDirectory, acknowledged, dryRunCount } = history
  const store = await createSqliteStore({ directory: dataDirectory, check: 'always' })
  const report = await checkLogs(store, history)
  await store.close()
  const violations = [...history.violations, ...report.violations]
  if (violations.length === 0) rmSync(dataDirectory, { recursive: true })
  const acknowledgedCount = acknowledged.entries.length + acknowledged.items.length
  return { ...report, violations, acknowledgedCount, dryRunCount, dataDirectory }
}

/** A node under load that is killed again and again, and a last run that ends in order. */
export async function makeHistory(options: HistoryOptions): Promise<History> {
  const { seed, kills, deduplicate = true, burstCount = 40 } = options
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-crash-'))
  const clients = new Clients(seed, burstCount)
  const violations: string[] = []
  let node: LaunchedNode | undefined
  const launch = (crash?: Crash): LaunchedNode => launchChild({ dataDirectory, deduplicate, crash })
  try {
    // The logs need something to lose before the first kill.
    node = launch()
    await clients.setUp(await urlOf(node))
    await clients.drive(node, 1)
    node.child.kill('SIGKILL')
    await node.ended

    for (const kill of kills) {
      node = 'afterMs' in kill ? launchLoom(dataDirectory) : launch(kill)
      violations.push(...(await driveUntilKilled(node, kill, clients)))
    }

    node = launch()
    await clients.drive(node, 1)
    node.child.kill('SIGTERM')
    const states = await finalStatesOf(node)
    violations.push(...clients.refusals, ...checkCoins(states, clients.coins))
    const { sent, acknowledged, dryRunCount } = clients
    return {
      ...{ dataDirectory, violations, sent, acknowledged, dryRunCount },
      signerSeed: loadNodeKey(dataDirectory),
      stateHashes: new Map(Object.entries(states).map(([id, { stateHash }]) => [id as ProcessId, stateHash])),
    }
  } finally {
    node?.child.kill('SIGKILL')
  }
}

async function urlOf(node: LaunchedNode): Promise<string> {
  const url = await node.url
  if (url === undefined) throw new Error(`A node ended before it was ready: ${(await node.ended).stderr}`)
  return url
}

/** @returns what was wrong with the way it ended. */
async function driveUntilKilled(node: LaunchedNode, kill: Kill, clients: Clients): Promise<string[]> {
  const isTimed = 'afterMs' in kill
  if (isTimed && kill.since === 'ready') await node.url
  let isLate = false
  const timer = setTimeout(
    () => {
      isLate = !isTimed
      node.child.kill('SIGKILL')
    },
    isTimed ? kill.afterMs : patienceMs,
  )
  await clients.drive(node)
  const { code, signal, stderr } = await node.ended
  clearTimeout(timer)
  if (signal !== 'SIGKILL') return [`A node ended by itself with ${code ?? signal}: ${stderr}`]
  return isLate ? [`A node did not reach ${JSON.stringify(kill)}.`] : []
}

/** What the last node says when it has no more work. @throws {Error} with what it complained of when it never has. */
async function finalStatesOf({ child, ended }: LaunchedNode): Promise<FinalStates> {
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  const { code, stdout, stderr } = await ended
  clearTimeout(timer)
  if (code !== 0) throw new Error(`A node did not become idle within ${patienceMs} ms: ${stderr.slice(-10_000)}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as FinalStates
}

/** I3, seen by the processes themselves. */
function checkCoins(states: FinalStates, expected: number): string[] {
  const coins = Object.values(states).reduce((sum, state) => sum + state.coins, 0)
  return coins === expected ? [] : [`I3: there are ${coins} coins, and were ${expected}`]
}
