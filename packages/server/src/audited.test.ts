import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { api, type AuditAction, type Endpoint, type EndpointName } from '@keelson/contract'
import { createClient, type Client } from '@keelson/sdk'
import { generate } from 'otplib'
import { administrator, setUp, startKeelson, waitFor, type Keelson } from '../../../test/harness.ts'

/** Every endpoint that changes something, called so that it succeeds, on one whole platform. */

const compose = (seconds: number, copy: string) => `
name: walk
services:
  web:
    command: ["sleep", "${seconds}"]
    develop: { watch: [{ path: ./compose.yaml, action: sync, target: "${copy}" }] }
    x-keelson: { runtime: process }
`

/** Not a GET, and changes nothing: they ask with a body. */
const asking: readonly EndpointName[] = [
  ...(['planStack', 'previewGapFixes', 'explainGateway', 'readLink'] as const),
  ...(['readDeviceRequest', 'createAssertion', 'startPasskey', 'startLinkPasskey'] as const),
  // What they begin counts once it is confirmed.
  ...(['startTotp', 'startOwnPasskey'] as const),
]
/**
 * Held to it beside their own code: they need an audit that is dropped, a gateway that decides, a
 * provider that a browser goes to, a browser that keeps passkeys.
 */
const elsewhere: readonly EndpointName[] = [
  ...(['dropMasterKey', 'decideGatewayCanary', 'linkOwnIdentity', 'unlinkOwnIdentity'] as const),
  ...(['finishOwnIdentity'] as const),
  ...(['createPasskeySession', 'createOwnPasskey', 'renameOwnPasskey'] as const),
  ...(['deleteOwnPasskey', 'deleteUserFactors'] as const),
]

type Step = [name: EndpointName, action: AuditAction, call: (client: Client) => Promise<unknown>]

suite('every change is in the audit', () => {
  let keelson: Keelson
  let folder: string
  let client: Client
  const copy = () => join(folder, 'copy.yaml')
  const write = (seconds: number) =>
    writeFile(join(folder, 'compose.yaml'), compose(seconds, copy()))

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-audited-'))
    await write(3600)
    keelson = await startKeelson([], { cwd: folder })
    const answer = await setUp(keelson)
    const cookie = answer.headers.getSetCookie().map((one) => one.split(';')[0])
    const headers = { cookie: cookie.join('; '), origin: keelson.url }
    client = createClient({ baseUrl: keelson.url, headers })
  })
  after(async () => {
    try {
      await keelson.stop()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  const web = { name: 'walk/web' }
  const walk = { stack: 'walk' }
  const ben = { user: 'ben' }
  const robot = { account: 'robot' }
  const made: {
    consumer?: string
    credential?: string
    grant?: string
    gap?: string
    token?: string
    deviceCode?: string
    recoveryCode?: string
  } = {}
  /** A form of OAuth. */
  const post = async (path: string, form: Record<string, string>) => {
    const body = new URLSearchParams(form)
    const answer = await fetch(keelson.url + path, { method: 'POST', body })
    return (await answer.json()) as Record<string, string>
  }
  const plan = async (seconds: number) => {
    await write(seconds)
    const planned = await client('planStackFiles', { params: walk })
    return planned.plan.digest
  }
  /** Somebody who has not signed in; who has would leave that session. */
  const visitor = () => createClient({ baseUrl: keelson.url, headers: { origin: keelson.url } })
  const linkToken = (url: string) => new URL(url).hash.slice(1)

  const steps: readonly Step[] = [
    [
      'scaleService',
      'service.scaled',
      (call) => call('scaleService', { params: web, body: { replicas: 2 } }),
    ],
    ['stopService', 'service.stopped', (call) => call('stopService', { params: web })],
    ['startService', 'service.started', (call) => call('startService', { params: web })],
    ['restartService', 'service.restarted', (call) => call('restartService', { params: web })],
    [
      'applyStackFiles',
      'stack.applied',
      async (call) => {
        // The restart before it may still be changing what there is to plan.
        await waitFor('it is applied as it was planned', async () => {
          await call('applyStackFiles', { params: walk, query: { plan: await plan(3601) } })
          return true
        })
      },
    ],
    [
      'rollBackService',
      'service.rolled_back',
      async (call) => {
        await waitFor('the update is through', async () => {
          const { rollouts } = await call('getStackState', { params: walk })
          return rollouts.every(({ endedAt }) => endedAt !== null)
        })
        await call('rollBackService', { params: web })
      },
    ],
    [
      'rollBackStack',
      'stack.applied',
      (call) => call('rollBackStack', { params: walk, body: { revision: 1 } }),
    ],
    [
      'syncService',
      'service.synced',
      async (call) => {
        const copies = [{ source: join(folder, 'compose.yaml'), target: copy() }]
        await waitFor('web runs', () =>
          call('syncService', {
            params: web,
            body: { copies, removals: [], afterwards: 'nothing' },
          }).then(() => true),
        )
      },
    ],
    [
      'auditStack',
      'gap.audited',
      async (call) => {
        const { findings } = await call('auditStack', { params: walk })
        made.gap = findings[0]?.fingerprint ?? assert.fail('the audit of the stack found nothing')
      },
    ],
    [
      'acceptGap',
      'gap.accepted',
      (call) =>
        call('acceptGap', {
          params: { ...walk, fingerprint: made.gap ?? '' },
          body: { reason: 'so it is' },
        }),
    ],
    [
      'withdrawGapAcceptance',
      'gap.withdrawn',
      (call) => call('withdrawGapAcceptance', { params: { ...walk, fingerprint: made.gap ?? '' } }),
    ],
    [
      'applyGateway',
      'gateway.configured',
      (call) =>
        call('applyGateway', {
          body: {
            text: '_format_version: "3.0"\nservices:\n- name: a\n  url: http://127.0.0.1:9\n',
          },
        }),
    ],
    [
      'applyGateway',
      'gateway.configured',
      (call) => call('applyGateway', { body: { text: '_format_version: "3.0"\n' } }),
    ],
    [
      'rollBackGateway',
      'gateway.configured',
      (call) => call('rollBackGateway', { body: { revision: 1 } }),
    ],
    [
      'createGatewayConsumer',
      'gateway.consumer_created',
      async (call) => {
        made.consumer = (await call('createGatewayConsumer', { body: { username: 'app' } })).id
      },
    ],
    [
      'createGatewayKey',
      'gateway.key_created',
      async (call) => {
        const key = await call('createGatewayKey', {
          params: { id: made.consumer ?? '' },
          body: {},
        })
        made.credential = key.credential.id
      },
    ],
    [
      'deleteGatewayCredential',
      'gateway.credential_deleted',
      (call) => call('deleteGatewayCredential', { params: { id: made.credential ?? '' } }),
    ],
    [
      'deleteGatewayConsumer',
      'gateway.consumer_deleted',
      (call) => call('deleteGatewayConsumer', { params: { id: made.consumer ?? '' } }),
    ],
    [
      'purgeGatewayCache',
      'gateway.cache_purged',
      (call) => call('purgeGatewayCache', { body: { all: true } }),
    ],
    [
      'warmGatewayCache',
      'gateway.cache_warmed',
      (call) => call('warmGatewayCache', { body: { host: 'walk.localhost', paths: ['/'] } }),
    ],
    [
      'exportGatewaySecrets',
      'gateway.exported',
      (call) => call('exportGatewaySecrets', { body: {} }),
    ],
    [
      'putRole',
      'role.created',
      (call) =>
        call('putRole', { params: { role: 'looker' }, body: { permissions: ['services:read'] } }),
    ],
    [
      'inviteUser',
      'user.invited',
      async (call) => {
        const { url } = await call('inviteUser', { body: { name: 'ben', role: 'looker' } })
        made.gap = linkToken(url)
      },
    ],
    [
      'useLink',
      'user.joined',
      () =>
        visitor()('useLink', {
          body: { token: made.gap ?? '', password: 'pebble orchard violin' },
        }),
    ],
    [
      'updateUser',
      'user.changed',
      (call) => call('updateUser', { params: ben, body: { displayName: 'Ben' } }),
    ],
    [
      'revokeUserSession',
      'session.revoked',
      async (call) => {
        const body = { name: 'ben', password: 'pebble orchard violin' }
        await visitor()('createSession', { body })
        const { items } = await call('listUserSessions', { params: ben })
        const session = items[0]?.id ?? ''
        await call('revokeUserSession', { params: { ...ben, session } })
      },
    ],
    [
      'revokeUserSessions',
      'session.revoked',
      (call) => call('revokeUserSessions', { params: ben }),
    ],
    ['resetUser', 'password.reset_started', (call) => call('resetUser', { params: ben })],
    ['createTeam', 'team.created', (call) => call('createTeam', { body: { name: 'ops' } })],
    [
      'updateTeam',
      'team.changed',
      (call) => call('updateTeam', { params: { team: 'ops' }, body: { description: 'nights' } }),
    ],
    [
      'addTeamMember',
      'team.changed',
      (call) => call('addTeamMember', { params: { team: 'ops', ...ben } }),
    ],
    [
      'removeTeamMember',
      'team.changed',
      (call) => call('removeTeamMember', { params: { team: 'ops', ...ben } }),
    ],
    [
      'createGrant',
      'grant.created',
      async (call) => {
        made.grant = (await call('createGrant', { body: { user: 'ben', role: 'viewer' } })).id
      },
    ],
    [
      'revokeGrant',
      'grant.revoked',
      (call) => call('revokeGrant', { params: { grant: made.grant ?? '' } }),
    ],
    [
      'createServiceAccount',
      'service_account.created',
      (call) => call('createServiceAccount', { body: { name: 'robot' } }),
    ],
    [
      'updateServiceAccount',
      'service_account.changed',
      (call) => call('updateServiceAccount', { params: robot, body: { description: 'rolls out' } }),
    ],
    [
      'createServiceAccountToken',
      'token.created',
      async (call) => {
        const body = { name: 'nightly' }
        const { token } = await call('createServiceAccountToken', { params: robot, body })
        made.token = token.id
      },
    ],
    [
      'rotateServiceAccountToken',
      'token.rotated',
      (call) =>
        call('rotateServiceAccountToken', {
          params: { ...robot, token: made.token ?? '' },
          body: { overlapMinutes: 1 },
        }),
    ],
    [
      'revokeToken',
      'token.revoked',
      (call) => call('revokeToken', { params: { token: made.token ?? '' } }),
    ],
    [
      'deleteServiceAccount',
      'service_account.deleted',
      (call) => call('deleteServiceAccount', { params: robot }),
    ],
    [
      'createOwnToken',
      'token.created',
      async (call) => {
        made.token = (await call('createOwnToken', { body: { name: 'laptop' } })).token.id
      },
    ],
    [
      'rotateOwnToken',
      'token.rotated',
      (call) =>
        call('rotateOwnToken', {
          params: { token: made.token ?? '' },
          body: { overlapMinutes: 0 },
        }),
    ],
    [
      'revokeOwnToken',
      'token.revoked',
      (call) => call('revokeOwnToken', { params: { token: made.token ?? '' } }),
    ],
    [
      'decideDeviceRequest',
      'client.approved',
      async (call) => {
        const asked = await post('/oauth/device_authorization', { client_id: 'walker' })
        made.deviceCode = asked['device_code'] ?? ''
        const body = { userCode: asked['user_code'] ?? '', approve: true }
        await call('decideDeviceRequest', { body })
      },
    ],
    [
      'revokeOwnClient',
      'client.revoked',
      async (call) => {
        const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
        const device_code = made.deviceCode ?? ''
        await post('/oauth/token', { grant_type, device_code, client_id: 'walker' })
        const { items } = await call('listOwnClients')
        await call('revokeOwnClient', { params: { client: items[0]?.id ?? '' } })
      },
    ],
    ['deleteTeam', 'team.deleted', (call) => call('deleteTeam', { params: { team: 'ops' } })],
    ['deleteUser', 'user.deleted', (call) => call('deleteUser', { params: ben })],
    ['deleteRole', 'role.deleted', (call) => call('deleteRole', { params: { role: 'looker' } })],
    [
      'breakGlass',
      'grant.break_glass',
      (call) => call('breakGlass', { body: { role: 'editor', reason: 'a drill', minutes: 1 } }),
    ],
    [
      'updateAccount',
      'preferences.changed',
      (call) => call('updateAccount', { body: { preferences: { theme: 'dark' } } }),
    ],
    ['createSession', 'session.created', () => visitor()('createSession', { body: administrator })],
    [
      'revokeOwnSession',
      'session.revoked',
      (call) => call('revokeOwnSession', { params: { session: 'others' } }),
    ],
    [
      'confirmSession',
      'session.confirmed',
      (call) => call('confirmSession', { body: { password: administrator.password } }),
    ],
    [
      'confirmTotp',
      'factor.added',
      async (call) => {
        const { secret } = await call('startTotp')
        const { recoveryCodes } = await call('confirmTotp', {
          body: { code: await generate({ secret }) },
        })
        made.recoveryCode = recoveryCodes?.[0] ?? ''
      },
    ],
    [
      'createSecondFactorSession',
      'session.created',
      async () => {
        const asked = await visitor()('createSession', { body: administrator })
        const challenge = 'challenge' in asked ? asked.challenge : ''
        const body = { challenge, code: made.recoveryCode ?? '' }
        await visitor()('createSecondFactorSession', { body })
      },
    ],
    ['createRecoveryCodes', 'recovery_codes.created', (call) => call('createRecoveryCodes')],
    [
      'putSignInPolicy',
      'sign_in_policy.changed',
      (call) => call('putSignInPolicy', { body: { factorRoles: ['editor'] } }),
    ],
    [
      'putSignInPolicy',
      'sign_in_policy.changed',
      (call) => call('putSignInPolicy', { body: { factorRoles: [] } }),
    ],
    ['deleteTotp', 'factor.removed', (call) => call('deleteTotp')],
    [
      'changePassword',
      'password.changed',
      (call) =>
        call('changePassword', {
          body: { present: administrator.password, next: 'harbour thistle cobalt' },
        }),
    ],
    [
      'putProvider',
      'provider.created',
      (call) =>
        call('putProvider', {
          params: { provider: 'corp' },
          // One that is disabled is not asked whether it works.
          body: { name: 'Corp', issuer: 'https://id.example', clientId: 'k', disabled: true },
        }),
    ],
    [
      'deleteProvider',
      'provider.deleted',
      (call) => call('deleteProvider', { params: { provider: 'corp' } }),
    ],
    ['rotateMasterKey', 'master_key.rotated', (call) => call('rotateMasterKey')],
    ['removeStack', 'stack.removed', (call) => call('removeStack', { params: walk })],
    ['deleteSession', 'session.ended', (call) => call('deleteSession')],
  ]

  const rowsOf = async (action: AuditAction): Promise<number> =>
    (await keelson.call('listAudit', { query: { action, limit: 1000 } })).items.length

  for (const [name, action, change] of steps) {
    test(`${name}: ${action}`, async () => {
      const former = await rowsOf(action)
      await change(client)
      assert.equal(await rowsOf(action), former + 1)
    })
  }

  test('what the set-up and the first start have done is there too', async () => {
    for (const action of ['setup_link.created', 'setup.completed', 'stack.applied'] as const) {
      assert.notEqual(await rowsOf(action), 0, action)
    }
  })

  test('no endpoint that changes something is missing here', () => {
    const known = new Set<string>([...steps.map(([name]) => name), ...asking, ...elsewhere])
    // The set-up link and the stack are made before; the end of all is in system/routes.test.ts.
    for (const name of ['createSetupLink', 'applyStack', 'stopSystem']) known.add(name)
    const changing = Object.entries<Endpoint>(api).filter(([, { method }]) => method !== 'GET')
    assert.deepEqual(
      changing.map(([name]) => name).filter((name) => !known.has(name)),
      [],
    )
  })

  test('ASVS 16.3.2: a denied request is there with who, where and why', async () => {
    const answer = await fetch(`${keelson.url}/api/v1/system`, {
      headers: { authorization: 'Bearer wrong' },
    })
    assert.equal(answer.status, 401)
    const { items } = await keelson.call('listAudit', { query: { action: 'request.denied' } })
    const denied = items.find(({ object }) => object.name === 'GET /api/v1/system')
    assert.deepEqual([denied?.outcome, denied?.address], ['denied', '127.0.0.1'])
  })

  test('a denied request is in the history of what was asked for', async () => {
    const answer = await fetch(`${keelson.url}/api/v1/services/keelson%2Fgateway/restart`, {
      ...{ method: 'POST', headers: { authorization: 'Bearer wrong' } },
    })
    assert.equal(answer.status, 401)
    const { items } = await keelson.call('listAudit', {
      query: { object: 'service:keelson/gateway' },
    })
    const [denied] = items.filter(({ outcome }) => outcome === 'denied')
    assert.equal(denied?.object.name, 'POST /api/v1/services/:name/restart')
  })

  test('all of it is whole, and is listed and exported by the command line', async () => {
    const whole = await keelson.run(['audit', 'verify'])
    assert.match(whole.stdout, /^Whole: \d+ rows/)
    const listed = await keelson.run(['audit', 'list', '--action', 'stack.removed', '--json'])
    assert.match(listed.stdout, /"name": "walk"/)
    const csv = await keelson.run(['audit', 'export', '--format', 'csv'])
    assert.match(csv.stdout, /^"id","at","action"/)
  })
})
