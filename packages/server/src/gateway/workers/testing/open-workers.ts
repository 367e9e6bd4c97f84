import { request } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../kernel/clock.ts'
import { readGatewayConfig } from '../../config/read.ts'
import { plugins } from '../../plugins/index.ts'
import type { GatewaySnapshot } from '../../snapshot.ts'
import { documentOf } from '../../testing/gateway.ts'
import type { PlaneOptions } from '../plane.ts'
import { startWorker, type RunningWorker } from '../worker.ts'
import { createWorkers } from '../workers.ts'

type Answer = { status: number; body: string }

export type Workers = Awaited<ReturnType<typeof openWorkers>>

/** Two workers on a free port of the loopback, with a Kong file (its entities), for one test. */
export const openWorkers = async (
  text: string,
  { count = 2, ...more }: { count?: number } & Partial<PlaneOptions> = {},
) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-workers-'))
  const logged: string[] = []
  const note = (_: object, message: string): void => void logged.push(message)
  const threads: RunningWorker[] = []
  const plane = createWorkers(
    {
      ...{ folder, pluginFolder: undefined, publicHost: '127.0.0.1', publicPort: 0 },
      platform: { host: '127.0.0.1', port: 1 },
      ...more,
    },
    {
      ...{ count, clock: systemClock, log: { info: note, warn: note, error: note } },
      startThread: (...given) => {
        const thread = startWorker(...given)
        threads.push(thread)
        return thread
      },
    },
  )
  let revision = 0
  const apply = (next: string, parts: Partial<GatewaySnapshot> = {}): Promise<void> => {
    revision += 1
    const file = { text: `_format_version: "3.0"\n${next}`, file: 'kong.yml' }
    const { config, faults } = readGatewayConfig(file, { environment: {}, plugins })
    if (faults[0] !== undefined) throw new Error(`${faults[0].line}: ${faults[0].message}`)
    const documents = [documentOf(config)]
    return plane.apply({ revision, services: {}, documents, edges: [], ...parts })
  }
  await apply(text)
  await plane.start()
  const { port } = plane.address()
  return {
    ...{ plane, port, logged, threads, apply },
    /** Over a connection of its own: the kernel chooses a worker for each. */
    get: (path: string, method = 'GET') => ask(port, path, method),
    [Symbol.asyncDispose]: async () => {
      await plane.close(0)
      await rm(folder, { recursive: true })
    },
  }
}

const ask = (port: number, path: string, method: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ port, path, method, agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => (body += text))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    asked.on('error', reject)
    asked.end()
  })
