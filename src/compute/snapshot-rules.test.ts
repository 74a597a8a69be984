import { describe, expect, test } from 'vitest'
import { isWorthSnapshot, replayCost, snapshotRuleDefaults } from './snapshot-rules.ts'

const mebibyte = 2 ** 20

describe('a snapshot is worth it', () => {
  const isWorth = (when: 'resting' | 'working', cost: number, memoryBytes: number): boolean =>
    isWorthSnapshot(snapshotRuleDefaults, when, cost, memoryBytes)

  test('after 100 gas for each byte while there is work, and after 25 at rest', () => {
    expect(isWorth('working', 100 * mebibyte - 1, mebibyte)).toBe(false)
    expect(isWorth('working', 100 * mebibyte, mebibyte)).toBe(true)
    expect(isWorth('resting', 25 * mebibyte - 1, mebibyte)).toBe(false)
    expect(isWorth('resting', 25 * mebibyte, mebibyte)).toBe(true)
  })

  test('never below a millisecond of evaluation, however small the state is', () => {
    expect(isWorth('resting', 4_999_999, 0)).toBe(false)
    expect(isWorth('resting', 5_000_000, 0)).toBe(true)
  })

  test('after some thousand messages that use next to no gas', () => {
    const memoryBytes = 4 * mebibyte
    expect(isWorth('working', replayCost(2_700 * 1_000, 2_700), memoryBytes)).toBe(false)
    expect(isWorth('working', replayCost(2_800 * 1_000, 2_800), memoryBytes)).toBe(true)
  })
})
