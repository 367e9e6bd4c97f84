import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformObject, serviceObject, stackObject } from '@keelson/contract'
import { localActor, type Actor } from '../kernel/actor.ts'
import { signedIn } from '../kernel/testing/index.ts'
import { askedObject } from './asked-object.ts'

type Deps = Parameters<typeof askedObject>[2]
type Declared = NonNullable<ReturnType<Deps['registry']['findService']>>

const web = { stack: 'shop', spec: { name: 'web', labels: { tier: 'front' } } }
const deps: Deps = {
  registry: {
    findService: (id) => (id === 'shop/web' ? (web as unknown as Declared) : undefined),
  },
  orchestrator: {
    stacks: () => [{ name: 'shop' }] as unknown as ReturnType<Deps['orchestrator']['stacks']>,
  },
}
const blind: Actor = signedIn(['users:read'])

const asked: [string, ReturnType<typeof stackObject>, Actor, boolean][] = [
  ['the platform', platformObject, blind, true],
  ['a stack', stackObject('shop'), localActor, true],
  ['a stack there is not', stackObject('blog'), localActor, false],
  ['a service', serviceObject('shop', 'web'), localActor, true],
  ['a service there is not', serviceObject('shop', 'typo'), localActor, false],
  ['a stack that may not be seen', stackObject('shop'), blind, false],
  ['a service that may not be seen', serviceObject('shop', 'web'), blind, false],
]
for (const [what, object, actor, isThere] of asked) {
  test(`${what} is ${isThere ? 'there' : 'not there'}`, () => {
    const answer = askedObject(object, actor, deps)
    assert.equal(answer.isThere, isThere)
    if (!isThere) assert.equal(answer.labels, undefined)
  })
}
