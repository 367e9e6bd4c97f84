import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { HookSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { LogWriter } from '../logs/log-store.ts'
import type { InstanceSpec } from '../runtime.ts'
import { copyFiles } from './container-files.ts'
import { readFrames, runInContainer, waitForEnd } from './container-exec.ts'
import type { Finder } from './container-finder.ts'
import { label, type ContainerInfo } from './container-labels.ts'
import type { createStarter } from './container-start.ts'
import type { Engine } from './engine.ts'
import type { Frame } from './stream-frames.ts'

type HookDeps = {
  engine: Engine
  finder: Finder
  starter: Pick<ReturnType<typeof createStarter>, 'create' | 'join' | 'remove'>
}

/** Runs hooks of services. What they write is in the log of the instance, as Keelson's own lines. */
export const createHookRunner = ({ engine, finder, starter }: HookDeps) => {
  const running = new Set<string>()

  const variablesOf = ({ environment }: HookSpec): string[] =>
    Object.entries(environment).map(([name, value]) => `${name}=${value}`)

  const writeTo =
    (writer: LogWriter) =>
    ({ payload }: Frame): void =>
      writer.append('keelson', payload)

  /** A container of its own, as the instance would be, for as long as the hook runs. */
  const runBefore = async (
    instance: InstanceSpec,
    hook: HookSpec,
    writer: LogWriter,
    until?: AbortSignal,
  ) => {
    const asInstance = hookInstance(instance, hook)
    const { container } = asInstance.spec
    if (container === null) return null
    running.add(asInstance.name)
    let id: string | null = null
    // Its container gone, it has ended.
    const end = (): void => void (id === null ? null : starter.remove(id).catch(() => undefined))
    until?.addEventListener('abort', end, { once: true })
    try {
      id = await starter.create(asInstance, container, { [label.hook]: 'preStart' })
      const info = await finder.inspect(id)
      if (info === null) return null
      await starter.join(asInstance, container, info)
      await copyFiles(engine, id, asInstance, container)
      if (until?.aborted === true) return null
      return await runMain(info, writer)
    } finally {
      running.delete(asInstance.name)
      until?.removeEventListener('abort', end)
      if (id !== null) await starter.remove(id).catch(() => undefined)
    }
  }

  const runMain = async ({ Id }: ContainerInfo, writer: LogWriter): Promise<number | null> => {
    const stream = await engine.call('attach to a container', (docker) =>
      docker.getContainer(Id).attach({ stream: true, stdout: true, stderr: true }),
    )
    readFrames(stream as unknown as Readable, writeTo(writer))
    const ended = waitForEnd(stream, null)
    await engine.call('start the container of a hook', (docker) => docker.getContainer(Id).start())
    await ended
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      const info = await finder.inspect(Id)
      if (info === null) return null
      if (!info.State.Running && info.State.Status !== 'created') return info.State.ExitCode
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  const runInside = async (
    instance: InstanceSpec,
    { command, user, workingDir, privileged, ...hook }: HookSpec,
    writer: LogWriter,
  ): Promise<number | null> => {
    const info = await finder.byRef(instance)
    if (info?.State.Running !== true) {
      throw new AppError('instance_not_found', { message: `${instance.name} is not running` })
    }
    const options = {
      Cmd: [...command],
      Env: variablesOf({ command, privileged, ...hook }),
      Privileged: privileged,
      ...(user === undefined ? {} : { User: user }),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    }
    return runInContainer(engine, info.Id, options, writeTo(writer))
  }

  return {
    /** `before`: the instance is not there yet. Resolves with the exit code. */
    async run(
      instance: InstanceSpec,
      hook: HookSpec,
      { before, until }: { before: boolean; until?: AbortSignal | undefined },
      writer: LogWriter,
    ) {
      try {
        return await (before
          ? runBefore(instance, hook, writer, until)
          : runInside(instance, hook, writer))
      } finally {
        writer.end()
      }
    },

    /** Hooks of a Keelson that died wait for nobody: their containers go. */
    async removeOrphans(): Promise<void> {
      for (const id of await finder.listOwn(label.hook)) {
        const info = await finder.inspect(id)
        if (info !== null && !running.has(info.Name.slice(1))) await starter.remove(id)
      }
    },
  }
}

/** The instance with the command of the hook, and nothing that would be in the way of the real one. */
const hookInstance = (instance: InstanceSpec, hook: HookSpec): InstanceSpec => {
  const { spec } = instance
  const { container } = spec
  if (container === null) return instance
  const { containerName: _name, macAddress: _mac, build, ...rest } = container
  const name = `${instance.name}-pre-start-${randomBytes(3).toString('hex')}`
  return {
    ...instance,
    name,
    ports: [],
    oneOff: true,
    environment: { ...instance.environment, ...hook.environment },
    spec: {
      ...spec,
      entrypoint: [],
      command: [...hook.command],
      ...(hook.user === undefined ? {} : { user: hook.user }),
      ...(hook.workingDir === undefined ? {} : { workingDir: hook.workingDir }),
      container: {
        ...rest,
        ...(build === undefined || hook.image !== undefined ? {} : { build }),
        ...(hook.image === undefined ? {} : { image: hook.image }),
        networks: withoutAddresses(rest.networks),
        tty: false,
        stdinOpen: false,
        privileged: hook.privileged || container.privileged,
      },
    },
  }
}

type Networks = NonNullable<InstanceSpec['spec']['container']>['networks']

/** A fixed address belongs to the instance, which may still have it. */
const withoutAddresses = (networks: Networks): Networks =>
  Object.fromEntries(
    Object.entries(networks).map(([key, network]) => {
      const { ipv4Address: _4, ipv6Address: _6, macAddress: _mac, ...rest } = network
      return [key, rest]
    }),
  )
