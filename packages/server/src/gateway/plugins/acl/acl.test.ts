import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noteGroups } from '../authentication.ts'
import { accessExchange, accessOf, people, type AccessExchange } from '../testing/access.ts'
import { configOf, faultsOf, instanceOf } from '../testing/index.ts'
import { acl } from './handler.ts'

const given = people({
  ada: { groups: ['staff', 'admins'] },
  bob: { groups: ['visitors'] },
  eve: {},
})

test('defaults', () => {
  assert.deepEqual(configOf(acl), {
    allow: null,
    deny: null,
    hide_groups_header: false,
    always_use_authenticated_groups: false,
  })
  assert.equal(acl.priority, 950)
})

test('wants exactly one list', () => {
  assert.equal(faultsOf(acl, {}).length, 1)
  assert.equal(faultsOf(acl, { allow: ['a'], deny: ['b'] }).length, 1)
  assert.equal(faultsOf(acl, { deny: ['b'] }).length, 0)
})

type Asker = {
  consumer?: 'ada' | 'bob' | 'eve'
  anonymous?: boolean
  /** Groups that the authentication brought along. */
  brought?: string[]
}

const exchangeOf = ({ consumer, anonymous = false, brought }: Asker): AccessExchange => {
  const exchange = accessExchange(given, {
    headers: ['X-Consumer-Groups', 'forged', 'X-Authenticated-Groups', 'forged'],
  })
  if (brought !== undefined) noteGroups(exchange, brought)
  if (consumer === undefined && brought === undefined) return exchange
  exchange.authenticate({
    consumer: given.consumers.find(({ username }) => username === consumer) ?? null,
    credential: anonymous ? null : { id: 'c', name: null },
    anonymous,
  })
  return exchange
}

const refused = '403 You cannot consume this service'

const cases: { name: string; config: object; asker: Asker; is: string; headers?: string[] }[] = [
  {
    name: 'a group that is allowed',
    config: { allow: ['admins'] },
    asker: { consumer: 'ada' },
    is: 'ada',
    headers: ['X-Consumer-Groups', 'staff, admins'],
  },
  {
    name: 'hide_groups_header',
    config: { allow: ['admins'], hide_groups_header: true },
    asker: { consumer: 'ada' },
    is: 'ada',
    headers: [],
  },
  { name: 'another group', config: { allow: ['admins'] }, asker: { consumer: 'bob' }, is: refused },
  { name: 'no group', config: { allow: ['admins'] }, asker: { consumer: 'eve' }, is: refused },
  {
    name: 'a group that is denied',
    config: { deny: ['visitors'] },
    asker: { consumer: 'bob' },
    is: refused,
  },
  {
    name: 'no group, and some are denied',
    config: { deny: ['visitors'] },
    asker: { consumer: 'eve' },
    is: 'eve',
    headers: [],
  },
  { name: 'nobody', config: { allow: ['admins'] }, asker: {}, is: '401 Unauthorized' },
  {
    name: 'nobody, and some are denied',
    config: { deny: ['x'] },
    asker: {},
    is: '401 Unauthorized',
  },
  {
    name: 'an anonymous consumer without groups',
    config: { allow: ['admins'] },
    asker: { consumer: 'eve', anonymous: true },
    is: '401 Unauthorized',
  },
  {
    name: 'groups of a token without a consumer',
    config: { allow: ['ops'] },
    asker: { brought: ['dev', 'ops'] },
    is: 'c without a consumer',
    headers: ['X-Authenticated-Groups', 'dev, ops'],
  },
  {
    name: 'other groups of a token',
    config: { allow: ['ops'] },
    asker: { brought: ['dev'] },
    is: refused,
  },
  {
    name: 'groups of a consumer go before those of its token',
    config: { allow: ['staff'] },
    asker: { consumer: 'ada', brought: ['dev'] },
    is: 'ada',
  },
  {
    name: 'unless they always count',
    config: { allow: ['staff'], always_use_authenticated_groups: true },
    asker: { consumer: 'ada', brought: ['dev'] },
    is: refused,
  },
]

describe('groups', () => {
  for (const { name, config, asker, is, headers } of cases) {
    test(name, async () => {
      const exchange = exchangeOf(asker)
      assert.equal(await accessOf(instanceOf(acl, config), exchange), is)
      if (headers !== undefined) assert.deepEqual(exchange.request.headers.raw, headers)
    })
  }
})
