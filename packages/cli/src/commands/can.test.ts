import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, type Call } from '../testing/platform-fixture.ts'

const grant = {
  ...{ id: 'g-1', holder: { kind: 'team', id: 't-1', name: 'payments' }, role: 'operator' },
  ...{ effect: 'allow', on: { name: 'stack:shop', owner: 'ana' }, expiresAt: null },
  ...{ reason: 'on call', createdBy: 'ada', createdAt: '2026-01-01T00:00:00Z' },
}
const role = {
  ...{ name: 'operator', description: 'Keeps services running', builtIn: true, grants: 1 },
  permissions: ['services:read', 'services:restart'],
}
const team = {
  ...{ id: 't-1', name: 'payments', description: '', roles: ['operator'] },
  members: [{ id: 'u-1', name: 'leo', kind: 'user' }],
}

type Sent = { expiresAt?: string; reason?: string }
const endOf = ({ expiresAt }: Sent) => (expiresAt === undefined ? {} : { expiresAt })

const open = async (allowed = true) => {
  const platform = await createPlatformFixture(({ method, path, body: sent }: Call) => {
    const body = (sent ?? {}) as Sent
    switch (`${method} ${path}`) {
      case 'GET /api/v1/access/explain':
        return {
          body: {
            ...{ allowed, sentence: 'leo may', considered: [{ grant, why: 'decides' }] },
            object: { name: 'service:shop/web', labels: {}, owner: null, isThere: allowed },
          },
        }
      case 'GET /api/v1/grants':
        return { body: { items: [grant], nextCursor: null } }
      case 'POST /api/v1/grants':
        return { body: { ...grant, already: body.reason === 'again', ...endOf(body) } }
      case 'GET /api/v1/roles':
        return { body: { items: [role] } }
      case 'PUT /api/v1/roles/on-call':
        return { body: { ...role, name: 'on-call' } }
      case 'GET /api/v1/teams':
        return { body: { items: [team] } }
      case 'PUT /api/v1/teams/payments/members/leo':
        return { body: team }
      default:
        return undefined
    }
  })
  const run = (...args: string[]) => runKeelson(args, { env: platform.env })
  return { ...platform, run }
}

test('can says yes or no with the grant that decides, and so does its exit code', async () => {
  await using keelson = await open()
  const yes = await keelson.run('can', 'leo', 'services:restart', 'service:shop/web')
  assert.equal(yes.code, 0)
  const lines = 'yes: leo may\n  decides: team payments has operator on stack:shop, owner ana\n'
  assert.equal(yes.stdout, lines)
  const query = Object.fromEntries(keelson.calls.at(-1)?.query ?? [])
  const asked = { who: 'leo', permission: 'services:restart', object: 'service:shop/web' }
  assert.deepEqual(query, asked)
  await using other = await open(false)
  const no = await other.run('can', 'leo', 'stacks:write')
  assert.equal(no.code, 4)
  assert.match(no.stdout, /^no: leo may\n {2}there is no service:shop\/web now that you may see/)
})

test('a permission there is not is refused with the nearest one, before anything is asked', async () => {
  await using keelson = await open()
  const { code, stderr } = await keelson.run('can', 'leo', 'services:restrat')
  assert.equal(code, 2)
  assert.match(stderr, /There is no permission services:restrat\n.*services:restart\?/)
  assert.equal(keelson.calls.length, 0)
})

test('a grant is sent with what it is on and when it ends', async () => {
  await using keelson = await open()
  const on = ['--on', 'stack:shop', '--label', 'tier=front', '--owner', 'ana']
  const { code, stderr } = await keelson.run(
    ...['grant', 'add', 'operator', '--team', 'payments', ...on],
    ...['--deny', '--for', '2h', '--reason', 'on call'],
  )
  assert.equal(code, 0)
  const { body } = keelson.calls.at(-1) ?? {}
  const { expiresAt, ...sent } = (body ?? {}) as Record<string, unknown>
  assert.deepEqual(sent, {
    ...{ team: 'payments', role: 'operator', effect: 'deny', reason: 'on call' },
    on: { name: 'stack:shop', labels: { tier: 'front' }, owner: 'ana' },
  })
  assert.ok(Date.parse(String(expiresAt)) > Date.now())
  assert.match(stderr, new RegExp(`until ${String(expiresAt)} \\(g-1\\)$`, 'm'))
})

test('the same grant once more is said to be there already', async () => {
  await using keelson = await open()
  const again = ['grant', 'add', 'operator', '--team', 'payments', '--reason', 'again']
  const { code, stderr } = await keelson.run(...again)
  assert.equal(code, 0)
  assert.match(stderr, /^payments already has operator on stack:shop, owner ana \(g-1\)$/m)
})

test('a label alone, of this shell or not, gives nothing to anybody', async () => {
  await using keelson = await open()
  const give = ['grant', 'add', 'administrator', '--user', 'zoe', '--label']
  for (const label of ['team', 'HOME', '=front']) {
    const { code, stderr } = await keelson.run(...give, label)
    assert.equal(code, 2, label)
    assert.match(stderr, /NAME=VALUE/)
  }
  const { code, stderr } = await keelson.run(...give, 'tier=a', '--label', 'tier=b')
  assert.equal(code, 2)
  assert.match(stderr, /--label tier is both a and b/)
  assert.deepEqual(keelson.calls, [])
})

test('break-glass is for the page: no program proves again who it is', async () => {
  const { code } = await runKeelson(['grant', 'break-glass', 'administrator', '--reason', 'fire'])
  assert.equal(code, 2)
})

const refused: [string[], RegExp][] = [
  [['grant', 'add', 'operator'], /Give either --user <name> or --team <name>/],
  [['grant', 'add', 'operator', '--user', 'leo', '--for', 'soon'], /It must be a time/],
  [['grant', 'add', 'operator', '--user', 'leo', '--for', '0m'], /must be longer than nothing/],
  [
    ['role', 'put', 'x', 'services:fly'],
    /no permission services:fly[^]*One of: public, account:own, status:read/,
  ],
]
for (const [args, message] of refused) {
  test(`${args.join(' ')} is refused`, async () => {
    await using keelson = await open()
    const { code, stderr } = await keelson.run(...args)
    assert.equal(code, 2)
    assert.match(stderr, message)
  })
}

test('a role there is not leads to those there are', async () => {
  await using keelson = await open()
  const { code, stderr } = await keelson.run('role', 'show', 'nope')
  assert.equal(code, 3)
  assert.match(stderr, /no role nope[^]*keelson role list/)
})

const tables: [string[], RegExp][] = [
  [['grant', 'list'], /^team payments +operator +stack:shop, owner ana +ada +on call +g-1$/m],
  [['role', 'list'], /^operator \(built in\) +2 +1 +Keeps services running$/m],
  [['role', 'show', 'operator'], /^services:restart +Restart services$/m],
  [['team', 'list'], /^payments +operator +leo$/m],
]
for (const [args, line] of tables) {
  test(`${args.join(' ')} shows it in a table`, async () => {
    await using keelson = await open()
    assert.match((await keelson.run(...args)).stdout, line)
  })
}

test('who joins a team, and what a new role may, is said back', async () => {
  await using keelson = await open()
  assert.match((await keelson.run('team', 'add', 'payments', 'leo')).stderr, /payments: leo/)
  const { stderr } = await keelson.run('role', 'put', 'on-call', 'services:read')
  assert.match(stderr, /on-call may services:read, services:restart/)
})
