import { describeStore } from '../store.contract.ts'
import { createMemoryStore } from './memory-store.ts'

describeStore('memory', async (clock) => {
  const store = createMemoryStore({ clock })
  return { store, dispose: () => store.close() }
})
