import { describe, expect, test } from 'vitest'
import { bundleTags, createBundle } from '../protocol/bundle.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { DataItem, Tag } from '../protocol/types.ts'
import { bundleDepthMax, bundleItemsMax, unpackBundle } from './bundle-unpacking.ts'
import { createNetwork } from './network.ts'
import { testWallet } from './test-items.ts'

const wallet = testWallet('bundler')

function itemOf(data: string | Uint8Array, tags: readonly Tag[] = []): DataItem {
  return createDataItem({ data, tags }, wallet)
}

function bundleOf(items: readonly DataItem[]): DataItem {
  return itemOf(createBundle(items), bundleTags)
}

/** With warnings that can be looked at. */
async function unpack(carrier: DataItem) {
  const warnings: { values: object; text: string }[] = []
  const unpacked = await unpackBundle(carrier, { warn: (values, text) => warnings.push({ values, text }) })
  return { warnings, unpacked: unpacked.map(({ item, bundledIn }) => ({ id: item.id, bundledIn })) }
}

describe('unpackBundle', () => {
  test('gives the items of bundles in bundles, each with what it was in', async () => {
    const [a, b, c] = [itemOf('a'), itemOf('b'), itemOf('c')]
    const inner = bundleOf([b, c])
    const outer = bundleOf([a, inner])
    expect(await unpack(outer)).toEqual({
      warnings: [],
      unpacked: [
        { id: a.id, bundledIn: outer.id },
        { id: inner.id, bundledIn: outer.id },
        { id: b.id, bundledIn: inner.id },
        { id: c.id, bundledIn: inner.id },
      ],
    })
  })

  test.each([
    { name: 'no bundle tags', tags: [] },
    { name: 'half of them', tags: bundleTags.slice(0, 1) },
    { name: 'another version', tags: [...bundleTags.slice(0, 1), { name: 'Bundle-Version', value: '1.0.0' }] },
  ])('gives nothing of an item with $name', async ({ tags }) => {
    expect(await unpack(itemOf(createBundle([itemOf('a')]), tags))).toEqual({ warnings: [], unpacked: [] })
  })

  test('leaves out what is malformed, not signed, or has another id, and says so once', async () => {
    const good = itemOf('good')
    const unsigned = { ...good, bytes: good.bytes.slice() }
    unsigned.bytes[unsigned.bytes.length - 1] = 0
    const malformed = { ...good, bytes: new Uint8Array(100).fill(9) }
    const renamed = { ...good, id: itemOf('other').id }
    const outer = bundleOf([unsigned, malformed, good, renamed])
    const { warnings, unpacked } = await unpack(outer)
    expect(unpacked).toEqual([{ id: good.id, bundledIn: outer.id }])
    expect(warnings).toEqual([
      {
        text: 'bundle not wholly unpacked',
        values: { id: outer.id, count: 3, first: expect.stringContaining(good.id) },
      },
    ])
  })

  test('gives nothing of a bundle whose header is broken, and goes on with the others', async () => {
    const broken = itemOf('no bundle', bundleTags)
    const good = itemOf('good')
    const { warnings, unpacked } = await unpack(bundleOf([broken, good]))
    expect(unpacked.map(({ id }) => id)).toEqual([broken.id, good.id])
    expect(warnings).toEqual([
      { text: 'bundle not unpacked', values: { id: broken.id, reason: expect.stringContaining('malformed') } },
    ])
  })

  test(`opens ${bundleDepthMax} levels`, async () => {
    let carrier = itemOf('innermost')
    const ids = [carrier.id]
    for (let level = 0; level <= bundleDepthMax; level++) {
      carrier = bundleOf([carrier])
      ids.unshift(carrier.id)
    }
    const { warnings, unpacked } = await unpack(carrier)
    expect(unpacked.map(({ id }) => id)).toEqual(ids.slice(1, bundleDepthMax + 1))
    expect(warnings).toMatchObject([{ text: 'bundle not wholly unpacked', values: { id: ids[bundleDepthMax - 1] } }])
  })

  test(`refuses more than ${bundleItemsMax} items together`, async () => {
    // Headers alone: nothing of them is read before they are counted.
    const nothing = { ...itemOf(''), bytes: new Uint8Array(0) }
    const many = bundleOf(new Array(bundleItemsMax).fill(nothing))
    const full = { code: 'NETWORK_BUNDLE_TOO_LARGE' }
    expect((await unpack(many)).unpacked).toEqual([])
    await expect(unpack(bundleOf([many]))).rejects.toMatchObject(full)
    await expect(unpack(bundleOf(new Array(bundleItemsMax + 1).fill(nothing)))).rejects.toMatchObject(full)
  })
})

test('an uploaded bundle is stored with its items, and a refused one not at all', async () => {
  const network = await createNetwork()
  const items = Array.from({ length: 300 }, (_, i) => itemOf(`item ${i}`))
  const bundle = bundleOf(items)
  await network.upload(bundle.bytes)
  for (const { id, bytes } of items) {
    const stored = await network.item(id)
    expect(stored?.bundledIn).toBe(bundle.id)
    expect(Buffer.from(stored?.bytes ?? []).equals(bytes)).toBe(true)
  }
  expect((await network.item(bundle.id))?.bundledIn).toBeUndefined()

  const [first, nothing] = [itemOf('first'), { ...itemOf(''), bytes: new Uint8Array(0) }]
  const refused = bundleOf([first, ...new Array(bundleItemsMax).fill(nothing)])
  await expect(network.upload(refused.bytes)).rejects.toMatchObject({ code: 'NETWORK_BUNDLE_TOO_LARGE' })
  for (const { id } of [first, refused]) expect(await network.item(id)).toBeUndefined()
  await network.close()
})
