import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDataItem } from '../../protocol/data-item.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'

let http: TestApp
const ids: Record<'index' | 'style' | 'notFound', string> = { index: '', style: '', notFound: '' }
beforeAll(async () => {
  http = await createTestApp()
  ids.index = await upload('<h1>', 'text/html')
  ids.style = await upload('h1 {}', 'text/css')
  ids.notFound = await upload('nothing here', 'text/plain')
})
afterAll(() => http.close())

async function upload(data: string, type: string): Promise<string> {
  const { id, bytes } = createDataItem({ data, tags: [{ name: 'Content-Type', value: type }] }, http.signer)
  expect((await http.post('/tx', bytes)).status).toBe(200)
  return id
}

function uploadManifest(fields: object): Promise<string> {
  const paths = { 'index.html': { id: ids.index }, 'css/a style.css': { id: ids.style }, gone: { id: 'A'.repeat(43) } }
  const manifest = { manifest: 'arweave/paths', version: '0.1.0', paths, ...fields }
  return upload(JSON.stringify(manifest), 'application/x.arweave-manifest+json')
}

describe('a path manifest', () => {
  test('gives its paths, with their types and tags, as what they are', async () => {
    const id = await uploadManifest({})
    const response = await http.get(`/${id}/css/a%20style.css`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/css')
    expect(response.headers.get('etag')).toBe(`"${ids.style}"`)
    expect(await response.text()).toBe('h1 {}')
    expect(await (await http.get(`/${id}/index.html/`)).text()).toBe('<h1>')
    expect((await http.get(`/${id}/css/a%20style.css`, { headers: { range: 'bytes=0-1' } })).status).toBe(206)
  })

  test.each([
    { name: 'index by path', fields: { index: { path: 'index.html' } } },
    { name: 'index by id', fields: { version: '0.2.0', index: { id: undefined as string | undefined } } },
  ])('$name: behind a slash, to which the id leads', async ({ fields }) => {
    if ('id' in fields.index) fields.index.id = ids.index
    const id = await uploadManifest(fields)
    const response = await http.get(`/${id}?a=1`)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(`/${id}/?a=1`)
    const index = await http.get(`/${id}/?a=1`)
    expect(index.status).toBe(200)
    expect(await index.text()).toBe('<h1>')
    expect((await http.get(`/${id}/`, { method: 'HEAD' })).headers.get('content-length')).toBe('4')
  })

  test.each([{ id: true }, { path: 'index.html' }])('gives its fallback for what it has not: %o', async (reference) => {
    const fallback = 'id' in reference ? { id: ids.notFound } : reference
    const expected = 'id' in reference ? 'nothing here' : '<h1>'
    const id = await uploadManifest({ version: '0.2.0', fallback })
    for (const path of ['/', '/unknown', '/constructor', '/__proto__']) {
      expect(await (await http.get(`/${id}${path}`)).text()).toBe(expected)
    }
  })

  test.each(['/', '/unknown', '/css', '/constructor', '/toString'])(
    'without fallback has nothing at %s',
    async (path) => {
      const response = await http.get(`/${await uploadManifest({})}${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'HTTP_MANIFEST_PATH_UNKNOWN' })
    },
  )

  test('that leads to what is not here: 404', async () => {
    const response = await http.get(`/${await uploadManifest({})}/gone`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'HTTP_ITEM_UNKNOWN' })
  })

  test('is raw as it is', async () => {
    const id = await uploadManifest({})
    expect(await (await http.get(`/raw/${id}`)).json()).toMatchObject({ manifest: 'arweave/paths' })
  })

  test.each([
    { name: 'another kind', fields: { manifest: 'x' } },
    { name: 'another version', fields: { version: '9' } },
    { name: 'no paths', fields: { paths: null } },
  ])('of $name is refused', async ({ fields }) => {
    const response = await http.get(`/${await uploadManifest(fields)}/index.html`)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ code: 'HTTP_MANIFEST_INVALID' })
  })

  test.each(['{', 'null', '[]'])('that is %s is refused', async (data) => {
    const id = await upload(data, 'application/x.arweave-manifest+json; charset=utf-8')
    expect((await http.get(`/${id}/`)).status).toBe(422)
  })
})

test('what is no manifest has no paths', async () => {
  const response = await http.get(`/${ids.index}/index.html`)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ code: 'HTTP_ROUTE_UNKNOWN' })
})
