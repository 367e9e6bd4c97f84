import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { StackSpec } from '@keelson/contract'
import { until } from '../../kernel/testing/index.ts'
import { containerOf, testImage } from '../runtime-container/container-bench.ts'
import { startDocker } from '../runtime-container/docker-harness.ts'
import { isHealthy } from '../testing/plan-bench.ts'
import { createRealBench } from '../testing/real-bench.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  after(() => engine.stop())
}
const image = 'keelson-test/database:1'

/** Says when it starts and ends, in its data. */
const script =
  'echo start $MODE >>/db/log; trap "echo end $MODE >>/db/log; exit" TERM; while :; do sleep 0.1; done'
const stackOf = (dir: string, mode: string): StackSpec =>
  stackSpec(
    'plans',
    [
      serviceSpec('db', {
        ...{ runtime: 'container', command: ['sh', '-c', script], environment: { MODE: mode } },
        ...{ container: containerOf({ image }), stopGraceMs: 30_000 },
      }),
    ],
    { workingDir: dir },
  )

test(
  'two editions never run side by side on data that only their image declares',
  { skip },
  async () => {
    assert(!('unavailable' in engine))
    const { docker } = engine
    const made = await docker.createContainer({
      ...{ Image: testImage, Cmd: ['mkdir', '/db'], HostConfig: { NetworkMode: 'none' } },
    })
    await made.start()
    await made.wait()
    const [repo, tag] = image.split(':')
    await made.commit({ repo, tag, changes: 'VOLUME /db' })
    await made.remove()

    await using bench = await createRealBench(engine)
    const { house, dir } = bench
    const log = async (): Promise<string> => {
      const id = house.registry.instancesOf('plans/db').find(({ pid }) => pid !== null)?.containerId
      if (id === null || id === undefined) return ''
      const exec = await docker
        .getContainer(id)
        .exec({ Cmd: ['cat', '/db/log'], AttachStdout: true })
      const stream = await exec.start({ Tty: true })
      let text = ''
      for await (const chunk of stream) text += String(chunk)
      return text.replaceAll('\r', '')
    }
    await house.apply(stackOf(dir, 'one'))
    await isHealthy(house, 'plans-db-1')
    await until('it has begun', async () => (await log()) === 'start one\n')
    await house.apply(stackOf(dir, 'two'))
    await until('the other has begun', async () => /start two/.test(await log().catch(() => '')))
    assert.equal(await log(), 'start one\nend one\nstart two\n')
    await house.remove('plans', { volumes: true })
  },
)
