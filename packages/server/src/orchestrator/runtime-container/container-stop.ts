import assert from 'node:assert/strict'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceRef, StopOptions } from '../runtime.ts'
import type { Finder } from './container-finder.ts'
import { isForeign, type ContainerInfo } from './container-labels.ts'
import { keepVolumes, removeContainer } from './container-mounts-place.ts'
import { answeredWith, type Engine } from './engine.ts'
import type { Supervision } from './supervision.ts'

type StopperDeps = {
  engine: Engine
  owner: string
  finder: Finder
  supervision: Supervision
  clock: Clock
}

/** The engine kills at once; a process in an uninterruptible system call holds it up. */
const killLimitMs = 20_000

/** Ends containers and removes them. */
export const createStopper = ({ engine, owner, finder, supervision, clock }: StopperDeps) => {
  /** 409: it has ended by itself meanwhile. 404: it is gone. */
  const kill = async (id: string, signal: string): Promise<void> => {
    try {
      await engine.find(`send ${signal}`, (docker) => docker.getContainer(id).kill({ signal }))
    } catch (error) {
      if (!answeredWith(error, 409)) throw error
    }
  }

  /** Null when it is gone, undefined when it still runs at the deadline. */
  const waitForEnd = async (id: string, deadlineMs: number) => {
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 250)) {
      const info = await finder.inspect(id)
      if (info === null || !info.State.Running) return info
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) return undefined
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, Math.min(pauseMs, leftMs))
      })
    }
  }

  const end = async (ref: InstanceRef, info: ContainerInfo, how: StopOptions) => {
    const deadlineMs = clock.monotonicMs() + how.graceMs
    if (info.State.Running && how.graceMs > 0) {
      // A paused one gets its signal when it goes on.
      if (info.State.Paused) await resume(info.Id)
      await kill(info.Id, how.signal)
    }
    let ended = await waitForEnd(info.Id, deadlineMs)
    if (ended === undefined) {
      await kill(info.Id, 'SIGKILL')
      ended = await waitForEnd(info.Id, clock.monotonicMs() + killLimitMs)
    }
    if (ended !== undefined) return ended
    const message = `The container of ${ref.name} cannot be killed`
    throw new AppError('engine_failed', { message })
  }

  const resume = async (id: string): Promise<void> => {
    try {
      await engine.find('unpause a container', (docker) => docker.getContainer(id).unpause())
    } catch (error) {
      if (!answeredWith(error, 409, 500)) throw error
    }
  }

  return {
    async stop(ref: InstanceRef, how: StopOptions): Promise<void> {
      const info = await finder.byRef(ref)
      if (info === null || info.State.Status === 'created') return
      // One that was never adopted has no log here, and nobody waits for its end.
      const known = supervision.find(ref.incarnation)
      if (known === undefined && isForeign(info)) {
        await end(ref, info, how)
        return
      }
      const entry = supervision.supervise(info)
      if (info.State.Running) entry.evidence.expectEnd()
      const ended = await end(ref, info, how)
      await supervision.settle(entry, ended, info.State.Running)
    },

    async remove(ref: InstanceRef): Promise<void> {
      const info = await finder.byRef(ref)
      if (info !== null) {
        if (info.State.Running) {
          // Its end was seen: somebody has started it since, and the next look tells so.
          assert(supervision.find(ref.incarnation)?.ended !== null, `${ref.name} runs`)
          const message = `${ref.name} runs again: somebody has started it`
          throw new AppError('engine_failed', { message })
        }
        if (isForeign(info)) await keepVolumes({ engine, owner }, info)
        await removeContainer(engine, info, { force: false })
      }
      supervision.forget(ref.incarnation)
    },
  }
}
