import { describeStore } from '../store.contract.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { makeDirectory } from './temporary-directory.fixture.ts'

describeStore('sqlite', async (clock) => {
  const { path, remove } = makeDirectory()
  const store = await createSqliteStore({ directory: path, clock })
  return { store, dispose: () => store.close().finally(remove) }
})
