import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ContainerSpec } from '@keelson/contract'
import { instanceName } from '../places.ts'
import type { ContainerHolder } from '../runtime.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createFakeRuntime } from '../testing/fake-runtime.ts'
import { engineAway } from '../testing/fake-runtime.ts'
import { withResources } from '../testing/house.ts'
import { containerSpec, stackSpec } from '../testing/spec.ts'
import { holderFaults } from './name-holders.ts'

const origin = (line: number) => ({ file: '/shop/compose.yaml', line, column: 5 })

const holder = (more: Partial<ContainerHolder>): ContainerHolder => ({
  ...{ name: 'shop-db-1', running: true, whose: 'nobody', stack: null, service: null },
  ...{ folder: null, image: 'redis:7', ...more },
})

const faultsWith = async (
  holders: () => Promise<ContainerHolder[]>,
  {
    containerName,
    workingDir = '/shop',
    replicas = 1,
  }: Partial<Record<'containerName' | 'workingDir', string>> & { replicas?: number } = {},
) => {
  const containers = withResources(createFakeRuntime(systemClock, 'container'))
  assert(containers.resources !== null)
  Object.assign(containers.resources, { holders })
  const db = containerSpec('db', {
    replicas,
    origins: { '': [origin(3)], container_name: [origin(4)] },
  })
  const container: ContainerSpec | null =
    db.container === null || containerName === undefined
      ? db.container
      : { ...db.container, containerName }
  return holderFaults(stackSpec('shop', [{ ...db, container }], { workingDir }), {
    containers,
    placesOf: (stack, { name }) =>
      Array.from({ length: replicas }, (_, at) => ({
        name: instanceName(stack, name, at + 1),
        index: at + 1,
      })),
  })
}

type Case = {
  holder: Partial<ContainerHolder>
  containerName?: string
  message: RegExp
  line: number
  hint: RegExp
}
const refused: Record<string, Case> = {
  'a stranger': {
    holder: {},
    message:
      /^service db wants the container name shop-db-1, which a container that Keelson has not made \(of the image redis:7\) has$/,
    line: 3,
    hint: /docker rename shop-db-1 shop-db-1-old.*the service or the stack another name/,
  },
  'a stranger with a container_name': {
    holder: { name: 'store' },
    containerName: 'store',
    message: /wants the container name store/,
    line: 4,
    hint: /docker rename store store-old\), or give the service another container_name/,
  },
  'another project of Docker Compose': {
    holder: { whose: 'compose', stack: 'blog', service: 'page', folder: '/blog' },
    message: /which service page of the Docker Compose project blog in \/blog has$/,
    line: 3,
    hint: /docker rename/,
  },
  'another Keelson': {
    holder: { whose: 'keelson', stack: 'shop', service: 'db', folder: '/else' },
    message: /service db of the stack shop in \/else of another Keelson has$/,
    line: 3,
    hint: /docker rename/,
  },
  'another stack of this one': {
    holder: { name: 'store', whose: 'ours', stack: 'blog', service: 'page' },
    containerName: 'store',
    message: /which service page of the stack blog has$/,
    line: 4,
    hint: /^Stop blog\/page, or give the service another container_name/,
  },
  'another service of the project': {
    holder: { name: 'store', whose: 'compose', stack: 'shop', service: 'old', folder: '/shop' },
    containerName: 'store',
    message: /which service old of the Docker Compose project shop in \/shop has$/,
    line: 4,
    hint: /docker rename store/,
  },
}

for (const [who, { holder: of, containerName, message, line, hint }] of Object.entries(refused)) {
  test(`a name that ${who} holds is told with its place`, async () => {
    const faults = await faultsWith(() => Promise.resolve([holder(of)]), {
      ...(containerName === undefined ? {} : { containerName }),
    })
    assert.equal(faults.length, 1)
    assert.match(faults[0]?.message ?? '', message)
    assert.match(faults[0]?.hint ?? '', hint)
    assert.equal(faults[0]?.origin?.line, line)
  })
}

const fine: Record<string, Partial<ContainerHolder>> = {
  'one of the same service, to be taken over': {
    whose: 'compose',
    stack: 'shop',
    service: 'db',
    folder: '/shop',
  },
  'one of ours of the stack, on its way out': { whose: 'ours', stack: 'shop', service: 'old' },
  'an ended one of ours': { whose: 'ours', stack: 'blog', service: 'x', running: false },
  'another name': { name: 'shop-db-2' },
}

for (const [who, of] of Object.entries(fine)) {
  test(`no fault: ${who}`, async () => {
    assert.deepEqual(await faultsWith(() => Promise.resolve([holder(of)])), [])
  })
}

test('every replica has its name, and no container_name', async () => {
  const faults = await faultsWith(
    () => Promise.resolve([holder({ name: 'shop-db-2' }), holder({ name: 'store' })]),
    { containerName: 'store', replicas: 2 },
  )
  assert.deepEqual(
    faults.map(({ message }) => /name (\S+),/.exec(message)?.[1]),
    ['shop-db-2'],
  )
})

test('without an engine there is nothing to say', async () => {
  assert.deepEqual(await faultsWith(() => Promise.reject(engineAway())), [])
})

test('a project of the same name in another folder is refused, one that was moved is not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-folder-'))
  try {
    const [one, link] = [dir, `${dir}-link`]
    await symlink(one, link)
    const from = (folder: string) =>
      faultsWith(
        () => Promise.resolve([holder({ name: 'x', whose: 'compose', stack: 'shop', folder })]),
        { workingDir: link },
      )
    assert.deepEqual(await from(one), [], 'the same by another path')
    assert.deepEqual(await from(join(dir, 'gone')), [])
    const [fault] = await from(tmpdir())
    assert.match(fault?.message ?? '', /named shop runs from \S+ \(x\), and this stack is in /)
    assert.match(fault?.hint ?? '', /docker-compose -p shop down/)
  } finally {
    await rm(`${dir}-link`)
    await rm(dir, { recursive: true })
  }
})
