import type { LuaInstance } from './lua-instance.ts'

/** From large to small, down to what the allocator rounds the least request up to. */
const holeSizesBytes: readonly number[] = [
  ...[65_536, 32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 512, 256, 192, 160, 128],
  ...Array.from({ length: 14 }, (_, index) => 120 - 8 * index),
]

/**
 * Takes every free place below the end of the heap for good, and clears it.
 *
 * Loading a module leaves hundreds of holes between the objects that stay. Processes would put their first objects there
 * and so change most pages of the template; now they put them behind it, and a snapshot of a fresh process stays small.
 */
export function fillHoles(instance: LuaInstance, breakAddress: number): void {
  const end = instance.view.getUint32(breakAddress, true)
  for (const sizeBytes of holeSizesBytes) {
    for (;;) {
      const hole = instance.exports.malloc(sizeBytes)
      instance.bytes.fill(0, hole, hole + sizeBytes)
      if (hole >= end) break
    }
  }
}
