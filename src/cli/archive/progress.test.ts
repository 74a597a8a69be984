import { expect, test } from 'vitest'
import type { ProcessId } from '../../protocol/ids.ts'
import { progressLine } from './progress.ts'

const at = (doneCount: number, totalCount: number) => ({ processId: 'p' as ProcessId, doneCount, totalCount })

test.each([
  [at(12_345, 100_000), 1_000, 'replayed 12,345 of 100,000 (12 %), 12,345/s, 8 s left'],
  [at(1, 1_000_000), 1_000, 'replayed 1 of 1,000,000 (0 %), 1/s, 278 h left'],
  [at(100, 1_000), 100_000, 'replayed 100 of 1,000 (10 %), 1/s, 15 min left'],
  [at(5, 5), 0, 'replayed 5 of 5 (100 %), 5,000/s, 0 s left'],
])('%j after %i ms', (progress, elapsedMs, line) => {
  expect(progressLine('replayed', progress, elapsedMs)).toBe(line)
})
