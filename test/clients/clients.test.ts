/**
 * The published clients against a started node, and docs/compatibility.md, which is made from these tests.
 *
 * After a change of them write it anew with `npx vitest run --update test/clients`. One client alone: `-t arweave`.
 */
import { expect, test } from 'vitest'
import { describeAoconnect } from './aoconnect.suite.ts'
import { describeAoconnectInBrowser } from './aoconnect-browser.suite.ts'
import { describeArbundles } from './arbundles.suite.ts'
import { describeArweave } from './arweave.suite.ts'
import { compatibilityPage } from './compatibility.ts'
import { useNode } from './node.ts'
import { describeSchedulerUtils } from './scheduler-utils.suite.ts'
import { describeTurbo } from './turbo-sdk.suite.ts'
import { describeWarpArbundles } from './warp-arbundles.suite.ts'

useNode()

describeAoconnect()
describeAoconnectInBrowser()
describeSchedulerUtils()
describeArweave()
describeArbundles()
describeWarpArbundles()
describeTurbo()

test('docs/compatibility.md lists the clients', async () => {
  await expect(compatibilityPage()).toMatchFileSnapshot('../../docs/compatibility.md')
})
