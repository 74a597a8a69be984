/**
 * The library's message pipeline against the model, on random handlers, messages and waits.
 *
 * The seed is fixed, so that every run is the same. To search further, some 500 cases a second:
 *
 * ```sh
 * LOOM_FUZZ_SEED=$RANDOM LOOM_FUZZ_RUNS=100000 npx vitest run lua/fuzz
 * ```
 *
 * `LOOM_FUZZ_LIBRARY` is the absolute path of another copy of `lua/library`: put a fault in there and see it found.
 *
 * @module
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bundleLibrary, readLibraryFiles } from '../../src/vm/lua/library-bundle.ts'
import { createLuaEngine } from '../../src/vm/lua/lua-vm.ts'
import { compareCase } from './pipeline-comparison.ts'
import { pipelineCases } from './pipeline-generator.ts'

const usualRuns = 5_000
const seed = Number(process.env.LOOM_FUZZ_SEED ?? 1)
const numRuns = Number(process.env.LOOM_FUZZ_RUNS ?? usualRuns)

/** What every run of the usual length meets, or it does not search where the faults are. */
const usualEvents = [
  ...['failed: A', 'failed: B', 'failed: C', 'failed: D', 'failed: E', 'not trusted', 'not assignable', 'default'],
  ...['break', 'continue', 'skip', 'last run', 'resumed', 'caught', 'onReply', 'resolved', 'inserted beside'],
]

test('the library does what the model does', { timeout: 0 }, () => {
  const template = createLuaEngine().createTemplate(bundleLibrary(readLibraryFiles(process.env.LOOM_FUZZ_LIBRARY)))
  const events = new Set<string>()
  let messages = 0
  let compared = 0
  const property = fc.property(pipelineCases, (pipelineCase) => {
    const comparison = compareCase(pipelineCase, template)
    for (const event of comparison.events) events.add(event)
    messages += pipelineCase.messages.length
    compared += comparison.compared
    if (comparison.difference !== undefined) throw new Error(comparison.difference)
  })
  const { failed, errorInstance, counterexamplePath, numShrinks } = fc.check(property, { seed, numRuns })
  if (failed) {
    const where = `seed ${seed}, path ${counterexamplePath}, shrunk ${numShrinks} times`
    throw new Error(`${where}\n${errorInstance instanceof Error ? errorInstance.message : errorInstance}`)
  }
  // A case ends early where the specification is silent.
  expect(compared / messages).toBeGreaterThan(0.9)
  if (numRuns >= usualRuns) expect([...events]).toEqual(expect.arrayContaining(usualEvents))
})
