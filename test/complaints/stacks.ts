import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Instance, Plan, PsEntry, ServiceDetail } from '@keelson/contract'
import { root, type CommandResult, type Keelson } from '../harness.ts'

/** Files of test/fixtures/complaints, for the compose files that a test writes. */
export const fixture = (name: string): string => path.join(root, 'test/fixtures/complaints', name)

/** What every compose file here begins with: a server that is asked often, to be merged in. */
const beginning = `
x-server: &server
  command: ["node", "${fixture('server.mjs')}"]
  restart: always
  x-keelson: &asked
    runtime: process
    port: auto
    probe: { http: /health, interval: 200ms, timeout: 2s, retries: 3, start_period: 20s }
`

type Environment = Record<string, string>
export type TestStack = Awaited<ReturnType<TestStacks['write']>>
export type TestStacks = ReturnType<typeof stacksIn>

/** Stacks of one Keelson, each in a folder of its own; `dispose` removes the folders. */
export const createStacks = async (keelson: Keelson) => {
  const parent = await mkdtemp(path.join(tmpdir(), 'keelson-complaints-'))
  return {
    ...stacksIn(keelson, parent),
    dispose: () => rm(parent, { recursive: true, force: true }),
  }
}

const stacksIn = (keelson: Keelson, parent: string) => ({
  /** Writes the files of a stack; nothing runs yet. `services` is its compose file from there on. */
  async write(name: string, services: string, files: Environment = {}) {
    const folder = path.join(parent, name)
    const writeText = async (file: string, text: string): Promise<void> => {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
      await writeFile(path.join(folder, file), text)
    }
    const change = (text: string): Promise<void> =>
      writeText('compose.yaml', `name: ${name}${beginning}${text}`)
    await change(services)
    for (const [file, text] of Object.entries(files)) await writeText(file, text)

    const cli = (args: readonly string[], env: Environment = {}): Promise<CommandResult> =>
      keelson.cli(args, { cwd: folder, env })
    const run = (args: readonly string[], env: Environment = {}): Promise<CommandResult> =>
      keelson.run(args, { cwd: folder, env })
    const up = ['up', '--wait', '--progress', 'plain']
    const service = (of: string): Promise<ServiceDetail> =>
      keelson.call('getService', { params: { name: `${name}/${of}` } })

    return {
      ...{ name, folder, change, write: writeText, cli, run, service },
      up: (env: Environment = {}) => run(up, env),
      /** An `up` that need not succeed. */
      tryUp: (env: Environment = {}) => cli(up, env),
      plan: async (env: Environment = {}): Promise<Plan> =>
        JSON.parse((await run(['plan', '--json'], env)).stdout) as Plan,
      ps: (): Promise<PsEntry[]> => keelson.call('listInstances', { query: { stack: name } }),
      why: (of: string) => keelson.call('whyService', { params: { name: `${name}/${of}` } }),
      first: async (of: string): Promise<Instance> => firstOf(await service(of)),
    }
  },
})

/** The instance of a service that has one. */
const firstOf = ({ id, instances: [instance] }: ServiceDetail): Instance => {
  if (instance === undefined) throw new Error(`${id} has no instance`)
  return instance
}

/** Tells one life of an instance from the next. */
export const lifeOf = ({ pid, startedAt }: Instance): string => `${pid} of ${startedAt}`
