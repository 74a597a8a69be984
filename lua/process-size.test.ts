import { expect, test } from 'vitest'
import { bundleLibrary, readLibraryFiles } from '../src/vm/lua/library-bundle.ts'
import { createLuaEngine } from '../src/vm/lua/lua-vm.ts'
import { moduleId, owner, processId } from './harness.ts'

const template = createLuaEngine().createTemplate(bundleLibrary(readLibraryFiles()))

function spawnFresh(id: string, development = false) {
  const tags = [
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: moduleId },
  ]
  const vm = template.spawn({ process: { id, owner, tags }, module: { id: moduleId, owner, tags: [] }, development })
  const chain = { nonce: 0, epoch: 0, hashChain: 'H'.repeat(43) }
  const made = vm.evaluate({
    ...{ id, target: id, from: owner, owner, data: '', tags, ...chain },
    ...{ timestampMs: 1_700_000_000_000, blockHeight: 1_400_000, cron: false, readOnly: false },
  })
  expect(made.ok).toBe(true)
  return vm
}

test.each([false, true])('a fresh process owns less than 100 KiB of its snapshot (development: %s)', (development) => {
  const snapshot = spawnFresh(processId, development).snapshot()
  expect(snapshot.ownSizeBytes).toBeLessThan(100 * 1_024)
  expect(snapshot.ownSizeBytes).toBeGreaterThan(0)
  expect(snapshot.sizeBytes).toBeGreaterThan(3 * snapshot.ownSizeBytes)
})

test('pages that two processes have in common are one', () => {
  const [one, other] = [spawnFresh(processId).snapshot(), spawnFresh('other'.padEnd(43, '-')).snapshot()]
  const common = [...one.pages].filter(([index, page]) => other.pages.get(index) === page)
  expect(common.length * 2_048).toBeGreaterThanOrEqual(one.sizeBytes - one.ownSizeBytes - other.ownSizeBytes)
})

test('a process restored from its pages goes on as the original does', () => {
  const original = spawnFresh(processId)
  const restored = template.restore(original.snapshot())
  expect(restored.stateHash()).toBe(original.stateHash())
})
