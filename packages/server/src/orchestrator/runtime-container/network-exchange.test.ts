import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type Docker from 'dockerode'
import type { NetworkSpec, StackSpec } from '@keelson/contract'
import { instanceOf, serviceOf } from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, stackOf, testImage } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine, type Engine } from './engine.ts'
import { createNetworkResources } from './network-resources.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  after(() => engine.stop())
}
const realEngine = () => {
  assert(!('unavailable' in engine))
  return engine
}

const silentLog = { info: () => undefined, warn: () => undefined }
const back = (definition: string): NetworkSpec => ({
  name: `exchanged-${process.pid}`,
  ...{ external: false, internal: true, labels: { definition } },
  ipam: { config: [{ subnet: '10.79.7.0/24', gateway: '10.79.7.1' }] },
})
const fixed = {
  ...{ aliases: ['store'], ipv4Address: '10.79.7.2', macAddress: '02:42:0a:4f:07:99' },
  driverOpts: { 'com.example.option': 'kept' },
}

const stackWith = (definition: string): StackSpec => {
  const service = (name: string, networks: Parameters<typeof containerOf>[0]) => ({
    ...serviceOf(['sleep', '1000']),
    ...{ name, runtime: 'container' as const, container: containerOf(networks) },
  })
  const services = [
    service('any', { networks: { back: { aliases: ['first'] } } }),
    service('fixed', { networks: { back: fixed } }),
  ]
  return stackOf(services, { networks: { back: back(definition) } })
}

/** An engine whose caller is killed before its call number `at`: none after it is made. */
const dyingAt = (own: Engine, at: number): Engine & { readonly died: boolean } => {
  let calls = 0
  const alive = (): void => {
    calls += 1
    if (calls >= at) throw new Error('killed')
  }
  return {
    ...own,
    get died() {
      return calls >= at
    },
    call: (what, make, limitMs) => {
      alive()
      return own.call(what, make, limitMs)
    },
    find: (what, make) => {
      alive()
      return own.find(what, make)
    },
  }
}

test(
  'the exchange of a network is finished by the next life, wherever it was cut',
  { skip },
  async () => {
    await using bench = await createContainerBench(realEngine().socket)
    const { docker, socket } = realEngine()
    const own = createEngine(`unix://${socket}`)
    const { owner, runtime } = bench
    const networksOf = (engine: Engine) => createNetworkResources({ engine, owner, log: silentLog })
    const first = stackWith('0')
    const networks = networksOf(own)
    await networks.create(first, 'back')
    const networkNames = { back: back('0').name }
    const members: string[] = []
    // The one with an address of its own first, or the engine gives it to the other.
    for (const spec of first.services.toReversed()) {
      const started = await runtime.start(instanceOf(spec, { networkNames }))
      members.unshift(started.containerId ?? '')
    }
    const endpointsNow = async () =>
      Promise.all(
        members.map(async (id) => {
          const { NetworkSettings } = await docker.getContainer(id).inspect()
          const endpoint: Docker.EndpointSettings = NetworkSettings.Networks[back('0').name] ?? {}
          const { Aliases, IPAMConfig, DriverOpts, MacAddress, NetworkID } = endpoint
          const isFixed = IPAMConfig?.IPv4Address !== undefined
          const address = isFixed ? MacAddress : 'any'
          return { Aliases: Aliases?.toSorted(), IPAMConfig, DriverOpts, address, NetworkID }
        }),
      )
    const settings = (found: Awaited<ReturnType<typeof endpointsNow>>) =>
      found.map(({ NetworkID: _id, ...rest }) => rest)
    const before = settings(await endpointsNow())
    assert.equal(before[1]?.address, fixed.macAddress)

    let cuts = 0
    for (let at = 1; ; at += 1) {
      const wanted = stackWith(String(at))
      const dying = dyingAt(own, at)
      await networksOf(dying)
        .create(wanted, 'back')
        .catch((error: Error) => assert.equal(error.message, 'killed'))
      const next = networksOf(own)
      await next.resume()
      for (const one of await next.missing(wanted)) await next.create(wanted, one.subject)
      const now = await endpointsNow()
      const network = await docker.getNetwork(back('0').name).inspect()
      assert.deepEqual(settings(now), before, `cut before call ${at}`)
      for (const { NetworkID } of now) assert.equal(NetworkID, network.Id, `cut before call ${at}`)
      assert.equal(network.Labels?.['definition'], String(at))
      assert.deepEqual(await next.missing(wanted), [])
      assert.deepEqual(
        (await docker.listVolumes()).Volumes ?? [],
        [],
        'nothing is written any more',
      )
      if (!dying.died) break
      cuts += 1
    }
    assert(cuts > 10, `${cuts} cuts`)
    for (const id of members) await docker.getContainer(id).remove({ force: true })
    await networks.removeAll('cases')
    own.close()
  },
)

test('members whose address is of no use any more join with another', { skip }, async () => {
  await using bench = await createContainerBench(realEngine().socket)
  const { docker } = realEngine()
  const { resources } = bench.runtime
  assert(resources !== null)
  const stack = stackWith('0')
  for (const one of await resources.missing(stack)) await resources.create(stack, one, () => {})
  const networkNames = { back: back('0').name }
  const [, spec] = stack.services
  assert(spec !== undefined)
  const started = await bench.runtime.start(instanceOf(spec, { networkNames }))
  const elsewhere = { ...back('1'), ipam: { config: [{ subnet: '10.80.7.0/24' }] } }
  const other = { ...stack, networks: { back: elsewhere } }
  for (const one of await resources.missing(other)) await resources.create(other, one, () => {})
  const info = await docker.getContainer(started.containerId ?? '').inspect()
  const endpoint = info.NetworkSettings.Networks[elsewhere.name]
  assert.match(endpoint?.IPAddress ?? '', /^10\.80\.7\./)
  assert(endpoint?.Aliases?.includes('store'))
  await docker.getContainer(info.Id).remove({ force: true })
  await resources.removeAll('cases', { volumes: true })
})

test('a record that somebody else wrote moves nobody and stops nothing', { skip }, async () => {
  await using bench = await createContainerBench(realEngine().socket)
  const { docker, socket } = realEngine()
  const own = createEngine(`unix://${socket}`)
  const { owner } = bench
  const stranger = await docker.createNetwork({ Name: `stranger-${process.pid}`, Internal: true })
  const forged = JSON.stringify({
    ...{ stack: 'evil', key: 'k', spec: { ...back('0'), name: 'forged' }, formerId: stranger.id },
    members: [],
  })
  const labels = { 'io.keelson.owner': owner, 'com.docker.compose.project': 'evil' }
  for (const [name, record] of Object.entries({ forged, cut: forged.slice(0, 20), word: 'no' })) {
    const Labels = { ...labels, 'io.keelson.network-exchange': record }
    await docker.createVolume({ Name: `evil-${name}`, Labels })
  }
  const networks = createNetworkResources({ engine: own, owner, log: silentLog })
  await networks.resume()
  assert.equal((await stranger.inspect()).Name, `stranger-${process.pid}`)
  assert.equal((await networks.missing(stackWith('0'))).length, 1)
  for (const name of ['forged', 'cut', 'word']) await docker.getVolume(`evil-${name}`).remove()
  await stranger.remove()
  own.close()
})
