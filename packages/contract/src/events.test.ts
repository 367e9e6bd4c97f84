import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { describeEvent, eventSchemas, severities, type AnyEvent, type EventType } from './events.ts'
import { states } from './service.ts'

const instance = { instance: 'shop-web-1', service: 'web', stack: 'shop' }

const sentences: [AnyEvent, string, string][] = [
  [
    { type: 'system.started', payload: { version: '0.1.0', target: 'control' } },
    'Keelson 0.1.0 started (control)',
    'info',
  ],
  [
    { type: 'stack.applied', payload: { stack: 'shop', revision: 2, actions: 1 } },
    'Applied revision 2 with 1 action',
    'info',
  ],
  [
    { type: 'stack.applied', payload: { stack: 'shop', revision: 3, actions: 0 } },
    'Applied revision 3 with 0 actions',
    'info',
  ],
  [
    { type: 'instance.started', payload: { ...instance, pid: 42, containerId: null } },
    'shop-web-1 is running (pid 42)',
    'info',
  ],
  [
    {
      type: 'instance.started',
      payload: { ...instance, pid: 42, containerId: '0123456789abcdef' },
    },
    'shop-web-1 is running (container 0123456789ab)',
    'info',
  ],
  [
    {
      type: 'instance.exited',
      payload: { ...instance, exitCode: 1, signal: null, reason: 'exit code 1' },
    },
    'shop-web-1 ended: exit code 1',
    'bad',
  ],
  [
    { type: 'instance.failed', payload: { ...instance, reason: '' } },
    'shop-web-1 is given up',
    'bad',
  ],
]
for (const [event, text, severity] of sentences) {
  test(`${event.type} reads as "${text}"`, () => {
    assert.deepEqual(describeEvent(event), { text, severity })
  })
}

test('every event of the contract becomes one sentence with a severity', () => {
  const types = Object.keys(eventSchemas) as EventType[]
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.string(), (type, word) => {
      const payload: unknown = Value.Create(eventSchemas[type])
      const filled = Object.fromEntries(
        Object.entries(payload as object).map(([name, value]) => [
          name,
          value === '' ? word : value,
        ]),
      )
      const { text, severity } = describeEvent({ type, payload: filled } as AnyEvent)
      assert.ok(severities.includes(severity))
      assert.doesNotMatch(text.replaceAll(word, ''), /undefined|NaN|\[object/)
      assert.notEqual(text, '')
    }),
  )
})

test('a change to every state has the severity of that state', () => {
  const severityOf = (to: (typeof states)[number]) => {
    const change = { from: 'unknown' as const, to, reason: '' }
    const { service, stack } = instance
    const ofService = describeEvent({
      type: 'service.state_changed',
      payload: { service, stack, ...change },
    })
    const ofInstance = describeEvent({
      type: 'instance.state_changed',
      payload: { ...instance, ...change },
    })
    assert.equal(ofService.severity, ofInstance.severity)
    return ofService.severity
  }
  assert.deepEqual(Object.fromEntries(states.map((state) => [state, severityOf(state)])), {
    healthy: 'good',
    starting: 'info',
    stopped: 'info',
    unknown: 'warning',
    degraded: 'warning',
    unhealthy: 'bad',
  })
})

test('names of events say what happened, in the past', () => {
  for (const type of Object.keys(eventSchemas)) {
    assert.match(type, /^[a-z]+\.([a-z]+_)?([a-z]+(ed|ing)(_back)?|withdrawn)$/)
  }
})
