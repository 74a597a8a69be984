import { describe, expect, test } from 'vitest'
import { type CreateStore, open } from './harness.fixture.ts'
import { processOf, spawnOf } from './requests.fixture.ts'

const [a, b, c] = [processOf('a'), processOf('b'), processOf('c')]

export function describeMonitors(create: CreateStore): void {
  describe('monitors', () => {
    test('are listed in the order of spawns; putting and dropping may be repeated', async () => {
      const { store } = await open(create)
      await store.append([b, a, c].map((processId) => spawnOf(processId)))
      expect(await store.listMonitors()).toEqual([])
      for (const processId of [a, b, a]) await store.putMonitor(processId)
      expect(await store.listMonitors()).toEqual([b, a])
      for (let i = 0; i < 2; i++) await store.dropMonitor(b)
      expect(await store.listMonitors()).toEqual([a])
    })

    test('of a process that does not exist are ignored', async () => {
      const { store } = await open(create)
      await store.putMonitor(a)
      await store.dropMonitor(b)
      expect(await store.listMonitors()).toEqual([])
      await store.append([spawnOf(a)])
      expect(await store.listMonitors()).toEqual([])
    })
  })
}
