import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../app.fixture.ts'

let http: TestApp
beforeAll(async () => {
  http = await createTestApp({ now: () => 1_700_000_000_000 })
})
afterAll(() => http.close())

test.each(['/metrics', '/mu/metrics', '/su/metrics', '/cu/metrics'])('GET %s counts what happens', async (path) => {
  const before = await figures(path)
  const processId = await http.spawn("error('as asked')")
  await http.send(
    processId,
    [{ name: 'Action', value: 'Eval' }],
    `
    Send({ Target = ao.id, Data = 'to itself' })
    Assign({ Processes = { '${'A'.repeat(43)}' }, Message = '${processId}' })
  `,
  )
  await http.network.idle()
  const after = await figures(path)
  const growth = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]))
  expect(growth).toEqual({
    // The process, two messages from outside, and the one to itself.
    loom_scheduled_total: 4,
    'loom_evaluated_total{outcome="ok"}': 3,
    'loom_evaluated_total{outcome="error"}': 1,
    loom_delivered_total: 1,
    loom_undeliverable_total: 1,
    loom_start_time_seconds: 0,
    loom_block_height: 0,
    [`loom_info{version="${http.network.info().version}",mode="development"}`]: 0,
  })
})

test('is in the text format of Prometheus: each metric with its help and type, then its samples', async () => {
  const response = await http.get('/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
  const text = await response.text()
  expect(text.endsWith('\n')).toBe(true)
  const lines = text.trimEnd().split('\n')
  for (const [i, line] of lines.entries()) {
    if (line.startsWith('# HELP ')) {
      const name = line.split(' ')[2]
      expect(lines[i + 1]).toMatch(new RegExp(`^# TYPE ${name} (counter|gauge)$`))
      expect(lines[i + 2]).toMatch(new RegExp(`^${name}(\\{\\w+="[^"]*"(,\\w+="[^"]*")*\\})? [\\d.]+$`))
    }
  }
  expect(lines).toContain('loom_start_time_seconds 1700000000')
})

async function figures(path: string): Promise<Record<string, number>> {
  const text = await (await http.get(path)).text()
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}
