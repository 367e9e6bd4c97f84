import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** For the `skip` of tests: why they cannot run here, or false. */
export const withoutRedis: string | false =
  spawnSync('redis-server', ['--version']).error === undefined
    ? false
    : 'redis-server is not installed'

export type TestRedis = {
  readonly port: number
  /** Kills it, as a crash would; what it held is gone. */
  stop(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  remove(): Promise<void>
}

/** A Redis server of its own on a free port of the loopback. */
export const startRedis = async (): Promise<TestRedis> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-redis-'))
  const port = await freePort()
  let server: ChildProcess | null = null
  const stop = async (): Promise<void> => {
    if (server === null) return
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    server = null
    await gone
  }
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
    server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    if (server.stdout === null) throw new Error('redis-server has no output')
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.includes('Ready to accept connections')) break
    }
    server.stdout.resume()
  }
  await start()
  return {
    port,
    stop,
    start,
    remove: async () => {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
