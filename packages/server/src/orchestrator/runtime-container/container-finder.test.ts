import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testImage } from './container-bench.ts'
import { createFinder } from './container-finder.ts'
import { label } from './container-labels.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine } from './engine.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  after(() => engine.stop())
}

test(
  'what service:x stands for is a container of this stack, and of no other',
  { skip },
  async () => {
    assert(!('unavailable' in engine))
    const { docker, socket } = engine
    const own = createEngine(`unix://${socket}`)
    const finder = createFinder({ engine: own, owner: 'me' })
    const stackDir = await mkdtemp(join(tmpdir(), 'keelson-finder-'))
    const start = async (labels: Record<string, string>): Promise<string> => {
      const made = await docker.createContainer({
        ...{ Image: testImage, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } },
        Labels: { [label.project]: 'shop', [label.service]: 'db', [label.number]: '1', ...labels },
      })
      await made.start()
      return made.id
    }
    try {
      const find = () => finder.firstOf({ stack: 'shop', stackDir }, 'db')
      await start({ [label.owner]: 'another' })
      await start({ [label.folder]: tmpdir() })
      await start({ [label.oneOff]: 'True', [label.owner]: 'me' })
      await start({ [label.owner]: 'me', [label.hook]: 'preStart' })
      assert.equal(await find(), null)
      const theirs = await start({ [label.folder]: stackDir, [label.number]: '7' })
      assert.equal(await find(), theirs, 'of Docker Compose, to be taken over')
      const third = await start({ [label.owner]: 'me', [label.number]: '3' })
      assert.equal(await find(), third)
      const second = await start({ [label.owner]: 'me', [label.number]: '2' })
      assert.equal(await find(), second)
      await docker.getContainer(second).kill()
      assert.equal(await find(), third, 'one that runs')

      const holders = await finder.holders()
      assert.deepEqual(holders.map(({ whose }) => whose).toSorted(), [
        ...['compose', 'compose', 'keelson', 'ours', 'ours', 'ours', 'ours'],
      ])
      assert.equal(holders.filter(({ running }) => !running).length, 1)
      assert.equal(holders.find(({ folder }) => folder === stackDir)?.service, 'db')
    } finally {
      for (const { Id } of await docker.listContainers({ all: true }))
        await docker.getContainer(Id).remove({ force: true })
      own.close()
      await rm(stackDir, { recursive: true })
    }
  },
)
