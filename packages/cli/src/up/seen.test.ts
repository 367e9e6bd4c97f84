import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainService, plainStack } from '@keelson/contract'
import type { Platform } from '../platform.ts'
import { seenOf } from './seen.ts'

const spec = {
  ...plainStack,
  name: 'shop',
  services: ['web', 'payments', 'mail'].map((name) => ({ ...plainService, name })),
}

/** Of a stack, what somebody is told who may read these services of it. */
const seen = async (services: readonly string[]) => {
  const hidden = spec.services.length - services.length
  const state = {
    stack: hidden === 0 ? {} : { hidden },
    services: services.map((name) => ({ summary: { name } })),
  }
  const platform = { call: () => Promise.resolve(state) } as unknown as Platform
  const told: string[] = []
  const reporter = { warn: (text: string) => void told.push(text) }
  const { services: followed } = await seenOf(spec, { platform, reporter })
  return { names: followed.map(({ name }) => name), told }
}

test('services that may not be read are not waited for, and that is said', async () => {
  assert.deepEqual(await seen(['web', 'payments', 'mail']), {
    names: ['web', 'payments', 'mail'],
    told: [],
  })
  assert.deepEqual(await seen(['web']), {
    names: ['web'],
    told: ['2 services not yours to see: their start is not waited for'],
  })
})
