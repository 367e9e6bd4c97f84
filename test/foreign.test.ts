import assert from 'node:assert/strict'
import path from 'node:path'
import test from 'node:test'
import { missingPrograms, root, startKeelson, waitFor } from './harness.ts'

const folder = path.join(root, 'blueprints/foreign')
const skip = await missingPrograms('redis-server', 'redis-cli', 'nats-server', 'mosquitto', 'nginx')

type Status = { status: string; faults: string[]; servers: { name: string }[] }

test('servers that know nothing of Keelson', { skip }, async (t) => {
  const keelson = await startKeelson([], { cwd: folder })
  let stopped = false
  t.after(() => (stopped ? undefined : keelson.dispose()))

  const status = async (): Promise<Status> =>
    (await (await fetch(`${keelson.gateway}/foreign/status`)).json()) as Status

  await t.test('are healthy, and answer through gateway and nginx', async () => {
    for (const name of ['redis', 'nats', 'mosquitto', 'nginx', 'api']) {
      assert.equal((await keelson.service(`foreign/${name}`)).state, 'healthy', name)
    }
    const { servers, faults } = await status()
    assert.deepEqual(faults, [])
    assert.deepEqual(servers.map(({ name }) => name).toSorted(), ['mosquitto', 'nats', 'redis'])
  })

  for (const name of ['redis', 'nginx']) {
    await t.test(`${name} is replaced when it is killed`, async () => {
      const before = await keelson.call('getService', { params: { name: `foreign/${name}` } })
      const pid = before.instances[0]?.pid
      assert.ok(pid)
      process.kill(pid, 'SIGKILL')
      await waitFor(`another ${name} is healthy`, async () => {
        const now = await keelson.call('getService', { params: { name: `foreign/${name}` } })
        return now.state === 'healthy' && now.instances[0]?.pid !== pid
      })
      await waitFor('all answer again', async () => (await status()).faults.length === 0)
    })
  }

  await t.test('are gone after down, nginx workers included', async () => {
    await keelson.run(['down'], { cwd: folder })
    const left = (await keelson.processes()).filter(({ command }) =>
      /nginx|redis-server|nats-server|mosquitto|foreign/.test(command),
    )
    assert.deepEqual(
      left.map(({ command }) => command),
      [],
    )
    await keelson.stop()
    stopped = true
  })
})
