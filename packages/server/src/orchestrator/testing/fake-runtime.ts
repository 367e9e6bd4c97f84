import assert from 'node:assert/strict'
import type { RuntimeKind } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceRef, InstanceSpec, ObservedInstance, Runtime } from '../runtime.ts'

type Step = 'start' | 'stop' | 'remove' | 'exec' | 'hook'

/**
 * A runtime in memory, with faults on demand. It holds tests to the contract of runtime.ts: a
 * second running incarnation of one instance, or the removal of one that runs, fails the test.
 */
export type FakeRuntime = Runtime & {
  /** Every call that took effect, as 'start shop-api-1'. */
  calls: string[]
  instances: Map<string, ObservedInstance>
  /** What must never happen: a second running incarnation, the removal of one that runs. */
  violations: string[]
  /** The next call of this kind fails; `after`: only its answer is lost. */
  failNext(step: Step, error?: Error, options?: { after: boolean }): void
  /** Faults that have not come yet do not come. */
  mend(): void
  /** Calls of this kind wait until the returned function is called. */
  hang(step: Step): () => void
  /** The running incarnation of an instance ends by itself. */
  end(name: string, exit: FakeExit): void
  /** Something is done to the last incarnation of an instance around Keelson, and it runs. */
  change(name: string, more: Partial<ObservedInstance>): void
  /** Every next start ends at once with this code; undefined: no more. */
  exitAtOnce(code: number | undefined): void
  /** Every next start of such an instance ends at once. */
  breaks: (instance: InstanceSpec) => boolean
  /** Checks of such an instance fail, from now on and whenever it was started. */
  isSick: (instance: InstanceSpec) => boolean
  /** Exit code of every next hook. */
  hookAnswer: number | null
  running(name: string): ObservedInstance | undefined
  /** Removed or not, how often an instance was started. */
  starts(name: string): number
  /** What the next Keelson finds. */
  seed(instance: ObservedInstance): void
  execAnswer: { exitCode: number | null; output: string; timedOut: boolean }
}

export type FakeExit = {
  code?: number
  signal?: string
  outOfMemory?: boolean
  endedOutside?: 'stopped' | 'killed' | 'removed'
}

export const engineAway = (): AppError =>
  new AppError('engine_unavailable', { message: 'No Docker Engine answers' })

export const createFakeRuntime = (clock: Clock, kind: RuntimeKind = 'process'): FakeRuntime => {
  const instances = new Map<string, ObservedInstance>()
  const calls: string[] = []
  const violations: string[] = []
  /** Fails whoever calls, and is remembered for those who catch it. */
  const insist = (holds: boolean, what: string): void => {
    if (!holds) violations.push(what)
    assert.ok(holds, what)
  }
  const faults: { step: Step; error: Error; after: boolean }[] = []
  const hanging = new Map<Step, Promise<void>>()
  const listeners: ((instance: ObservedInstance) => void)[] = []
  let exitCode: number | undefined
  const specs = new Map<string, InstanceSpec>()

  const takeFault = (step: Step, after: boolean): void => {
    const at = faults.findIndex((fault) => fault.step === step && fault.after === after)
    const [fault] = at < 0 ? [] : faults.splice(at, 1)
    if (fault !== undefined) throw fault.error
  }

  const during = async <T>(step: Step, name: string, work: () => T): Promise<T> => {
    await hanging.get(step)
    takeFault(step, false)
    calls.push(`${step} ${name}`)
    const result = work()
    takeFault(step, true)
    return result
  }

  const exitOf = (exit: FakeExit) => ({
    code: exit.code ?? null,
    signal: exit.signal ?? null,
    at: clock.now(),
    outOfMemory: exit.outOfMemory ?? false,
  })

  const finish = (instance: ObservedInstance, exit: FakeExit): void => {
    const { endedOutside } = exit
    const outside = endedOutside === undefined ? {} : { endedOutside }
    const ended = { ...instance, running: false, pid: null, exit: exitOf(exit), ...outside }
    instances.set(instance.incarnation, ended)
    for (const listener of listeners) listener(ended)
  }

  const running = (name: string): ObservedInstance | undefined =>
    [...instances.values()].find((one) => one.name === name && one.running)

  const begin = (instance: InstanceSpec): ObservedInstance => {
    const again = instances.get(instance.incarnation)
    if (again !== undefined) return again
    insist(running(instance.name) === undefined, `${instance.name} is started twice`)
    const { stack, service, name, index, incarnation, digest, ports } = instance
    const observed: ObservedInstance = {
      ...{ stack, service, name, index, incarnation, digest, ports },
      runtime: kind,
      running: true,
      pid: kind === 'process' ? 1000 + calls.length : null,
      containerId: kind === 'container' ? incarnation : null,
      startedAt: clock.now(),
      exit: null,
    }
    instances.set(incarnation, observed)
    specs.set(incarnation, instance)
    if (exitCode !== undefined) finish(observed, { code: exitCode })
    else if (whole.breaks(instance)) finish(observed, { code: 70 })
    return observed
  }

  const remove = ({ name, incarnation }: InstanceRef): void => {
    insist(instances.get(incarnation)?.running !== true, `${name} is removed while it runs`)
    instances.delete(incarnation)
  }

  const whole: FakeRuntime = {
    kind,
    resources: null,
    calls,
    violations,
    instances,
    hookAnswer: 0,
    execAnswer: { exitCode: 0, output: '', timedOut: false },
    running,
    starts: (name) => calls.filter((call) => call === `start ${name}`).length,
    seed: (instance) => void instances.set(instance.incarnation, instance),
    failNext: (step, error = engineAway(), { after } = { after: false }) =>
      void faults.push({ step, error, after }),
    mend: () => void faults.splice(0),
    hang(step) {
      const gate = Promise.withResolvers<void>()
      hanging.set(step, gate.promise)
      return () => {
        hanging.delete(step)
        gate.resolve()
      }
    },
    end(name, exit) {
      const instance = running(name)
      assert.ok(instance !== undefined, `${name} does not run`)
      finish(instance, exit)
    },
    change(name, more) {
      const instance = [...instances.values()].findLast((one) => one.name === name)
      assert.ok(instance !== undefined, `${name} is not there`)
      const { endedOutside: _, ...rest } = instance
      const changed = { ...rest, running: true, exit: null, ...more }
      instances.set(instance.incarnation, changed)
      for (const listener of listeners) listener(changed)
    },
    exitAtOnce: (code) => void (exitCode = code),
    breaks: () => false,
    isSick: () => false,

    observe: () => Promise.resolve([...instances.values()]),
    start: (instance) => during('start', instance.name, () => begin(instance)),
    stop: (ref) =>
      during('stop', ref.name, () => {
        const instance = instances.get(ref.incarnation)
        if (instance?.running === true) finish(instance, { signal: 'SIGTERM' })
      }),
    remove: (ref) => during('remove', ref.name, () => remove(ref)),
    removeLogs: () => Promise.resolve(),
    async exec(ref) {
      await hanging.get('exec')
      takeFault('exec', false)
      assert.equal(instances.get(ref.incarnation)?.running, true)
      const spec = specs.get(ref.incarnation)
      const isSick = spec !== undefined && whole.isSick(spec)
      return isSick ? { exitCode: 1, output: 'sick', timedOut: false } : whole.execAnswer
    },
    async runHook({ name }, { command }, when) {
      await hanging.get('hook')
      takeFault('hook', false)
      calls.push(`${when} ${name} ${command.join(' ')}`)
      return whole.hookAnswer
    },
    attach: () => Promise.reject(engineAway()),
    copyInto: ({ name }) => Promise.resolve(void calls.push(`copy ${name}`)),
    usage: () => Promise.resolve(new Map()),
    updateHosts: () => Promise.resolve(),
    watch: (listener) => void listeners.push(listener),
    close: () => Promise.resolve(),
  }
  return whole
}
