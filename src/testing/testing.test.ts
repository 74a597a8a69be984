import { expect, test } from 'vitest'
import * as testing from './testing.ts'

test('exports what it promises, and nothing else', () => {
  expect(Object.keys(testing).sort()).toEqual(['ProjectError', 'TestingError', 'createTestClock', 'createTestNetwork'])
})
