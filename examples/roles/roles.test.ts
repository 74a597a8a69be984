import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')

let loom: TestNetwork
let owner: TestWallet
let admin: TestWallet
let admin2: TestWallet
let editor: TestWallet
let stranger: TestWallet
let board: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  owner = loom.wallet('owner')
  admin = loom.wallet('admin')
  admin2 = loom.wallet('admin2')
  editor = loom.wallet('editor')
  stranger = loom.wallet('stranger')
})
afterAll(() => loom.close())

beforeEach(async () => {
  board = await loom.spawn({ wallet: owner, code })
  await grant(owner, admin.address, 'admin')
  await grant(owner, admin2.address, 'admin')
  await grant(admin, editor.address, 'editor')
})

const grant = (from: TestWallet, member: string, role: string) =>
  board.send({ from, action: 'Grant', tags: { Member: member, Role: role } })
const revoke = (from: TestWallet, member: string) => board.send({ from, action: 'Revoke', tags: { Member: member } })
const setNotice = (from: TestWallet, data: string) => board.send({ from, action: 'Set-Notice', data })
const clearNotice = (from: TestWallet) => board.send({ from, action: 'Clear-Notice' })

async function roleOf(member: string) {
  return (await board.dryRun({ action: 'Get-Role', tags: { Member: member } })).reply?.tags.Role
}

const denied = (action: string, role: string) => ({
  action: `${action}-Error`,
  tags: { Error: `Access denied: ${action} needs the role ${role}.` },
})

describe('what a role allows', () => {
  test('editing: the owner, admins and editors', async () => {
    for (const wallet of [owner, admin, editor]) {
      expect((await setNotice(wallet, `from ${wallet.name}`)).reply?.action).toBe('Notice-Set')
      expect(await board.state('Notice')).toBe(`from ${wallet.name}`)
    }
    expect((await setNotice(stranger, 'mine')).reply).toMatchObject(denied('Set-Notice', 'editor'))
    expect(await board.state('Notice')).toBe('from editor')
  })

  test('clearing: the owner and admins', async () => {
    await setNotice(editor, 'keep')
    for (const wallet of [editor, stranger]) {
      expect((await clearNotice(wallet)).reply).toMatchObject(denied('Clear-Notice', 'admin'))
    }
    expect(await board.state('Notice')).toBe('keep')
    expect((await clearNotice(admin)).reply?.action).toBe('Notice-Cleared')
    expect(await board.state('Notice')).toBe('')
  })

  test('reading: everyone', async () => {
    await setNotice(editor, 'open to all')
    expect((await board.send({ from: stranger, action: 'Get-Notice' })).reply?.data).toBe('open to all')
    expect((await board.send({ from: stranger, action: 'Get-Role' })).reply?.tags.Role).toBe('none')
    expect(await roleOf(owner.address)).toBe('owner')
  })

  test('an allowed request is still checked', async () => {
    expect((await setNotice(editor, '  ')).reply?.tags.Error).toBe('Data must be the text of the notice.')
  })
})

describe('Grant', () => {
  test('gives a role, and tells both', async () => {
    const { messages } = await grant(admin, stranger.address, 'editor')
    expect(messages).toMatchObject([
      { target: admin.address, tags: { Action: 'Granted', Member: stranger.address, Role: 'editor' } },
      { target: stranger.address, tags: { Action: 'Role-Granted', Role: 'editor', By: admin.address } },
    ])
    expect((await setNotice(stranger, 'now I may')).reply?.action).toBe('Notice-Set')
  })

  test('raises an editor to admin', async () => {
    await grant(admin, editor.address, 'admin')
    expect(await roleOf(editor.address)).toBe('admin')
  })

  test('is refused to editors and strangers, also for themselves', async () => {
    for (const wallet of [editor, stranger]) {
      expect((await grant(wallet, wallet.address, 'admin')).reply).toMatchObject(denied('Grant', 'admin'))
    }
    expect(await roleOf(editor.address)).toBe('editor')
    expect(await roleOf(stranger.address)).toBe('none')
  })

  test('is refused for other roles, other shapes, and what is held already', async () => {
    expect((await grant(admin, stranger.address, 'king')).reply?.tags.Error).toBe('Role must be editor or admin.')
    expect((await grant(admin, 'stranger', 'editor')).reply?.tags.Error).toMatch(/^Member must be/)
    expect((await grant(admin, owner.address, 'editor')).reply?.tags.Error).toMatch(/^The owner has every role/)
    expect((await grant(admin2, admin.address, 'editor')).reply?.tags.Error).toMatch(/^That member is admin/)
    expect(await roleOf(admin.address)).toBe('admin')
  })
})

describe('Revoke', () => {
  test('takes a role, and tells both', async () => {
    const { messages } = await revoke(admin, editor.address)
    expect(messages.map(({ target, action }) => [target, action])).toEqual([
      [admin.address, 'Revoked'],
      [editor.address, 'Role-Revoked'],
    ])
    expect((await setNotice(editor, 'again')).reply).toMatchObject(denied('Set-Notice', 'editor'))
  })

  test('is refused to editors and strangers', async () => {
    for (const wallet of [editor, stranger]) {
      expect((await revoke(wallet, editor.address)).reply).toMatchObject(denied('Revoke', 'admin'))
    }
    expect(await roleOf(editor.address)).toBe('editor')
  })

  test('of an admin is for the owner and the admin alone', async () => {
    expect((await revoke(admin2, admin.address)).reply?.tags.Error).toBe('Only the owner may revoke an admin.')
    expect(await roleOf(admin.address)).toBe('admin')
    expect((await revoke(owner, admin.address)).reply?.action).toBe('Revoked')
    expect((await revoke(admin2, admin2.address)).reply?.action).toBe('Revoked')
    expect(await board.state('Roles')).toEqual({ [editor.address]: 'editor' })
  })

  test('of nothing is refused', async () => {
    expect((await revoke(admin, stranger.address)).reply?.tags.Error).toBe('That member has no role.')
  })
})

test('the owner cannot be locked out', async () => {
  expect((await revoke(admin, owner.address)).reply?.tags.Error).toBe('The owner cannot be locked out.')
  expect((await revoke(owner, owner.address)).reply?.tags.Error).toBe('The owner cannot be locked out.')
  await revoke(owner, admin.address)
  await revoke(owner, admin2.address)
  await revoke(owner, editor.address)
  expect(await board.state('Roles')).toEqual([])
  expect((await grant(owner, editor.address, 'editor')).reply?.action).toBe('Granted')
})

test('a process holds a role like anyone', async () => {
  const bot = await loom.spawn({ wallet: stranger })
  const post = `Send({ Target = "${board.id}", Action = "Set-Notice", Data = "from a bot" })`
  await bot.eval(post)
  expect(await board.state('Notice')).toBe('')
  await grant(admin, bot.id, 'editor')
  await bot.eval(post)
  expect(await board.state('Notice')).toBe('from a bot')
  expect((await bot.inbox()).map(({ action }) => action)).toEqual(['Set-Notice-Error', 'Role-Granted', 'Notice-Set'])
})
