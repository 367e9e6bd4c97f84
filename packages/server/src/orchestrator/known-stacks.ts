import type { StackSpec } from '@keelson/contract'
import { AppError } from '../kernel/errors.ts'
import { serviceIdOf } from '../registry/index.ts'
import type { Keeper } from './keeper/keeper.ts'

/** Stack of Keelson's own parts. */
export const ownStack = 'keelson'

/** A stack as it was applied. */
export type StackHead = { spec: StackSpec; revision: number; appliedAt: Date; builtIn: boolean }

export type KnownStack = StackHead & {
  keepers: Map<string, Keeper>
  /** Still ending under the name of a keeper of the other runtime, which waits for them. */
  formers: Set<Keeper>
  /** Services that could not be taken up when Keelson started: an engine that is away. */
  late: Set<string>
}

/** `cancelled`: the stack was removed meanwhile. */
export type ApplyTurn = { readonly cancelled: boolean; readonly signal: AbortSignal }

/** All that is applied, with the keepers of its instances, and whose turn it is to change it. */
export const createKnownStacks = () => {
  const stacks = new Map<string, KnownStack>()
  const keepers = new Map<string, Keeper>()
  const queues = new Map<string, Promise<unknown>>()
  const applying = new Map<string, AbortController>()
  const complete = Promise.withResolvers<void>()
  const listeners = new Set<() => void>()
  const changed = (): void => {
    for (const listener of listeners) listener()
  }

  /** One change of a stack at a time; the next waits for the one before, whatever became of it. */
  const inTurn = <T>(stack: string, work: () => Promise<T>): Promise<T> => {
    const before = queues.get(stack) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine.then(
      () => {},
      () => {},
    )
    queues.set(stack, settled)
    void settled.then(() => {
      if (queues.get(stack) === settled) queues.delete(stack)
    })
    return mine
  }

  return {
    /** Of all stacks, by the name of their instance. */
    keepers: keepers as ReadonlyMap<string, Keeper>,
    all: (): KnownStack[] => [...stacks.values()],
    find: (name: string): KnownStack | undefined => stacks.get(name),

    /** Throws AppError('stack_not_found'). */
    get(name: string): KnownStack {
      const known = stacks.get(name)
      if (known === undefined) {
        throw new AppError('stack_not_found', { message: `There is no stack ${name}` })
      }
      return known
    },

    isDeclared(serviceId: string): boolean {
      const [stack = ''] = serviceId.split('/')
      const services = stacks.get(stack)?.spec.services ?? []
      return services.some(({ name }) => serviceIdOf(stack, name) === serviceId)
    },

    /** A stack as it is to be known from `put` on, with the keepers it has had so far. */
    next(head: StackHead): KnownStack {
      const before = stacks.get(head.spec.name)
      return {
        ...head,
        keepers: before?.keepers ?? new Map(),
        formers: before?.formers ?? new Set(),
        late: new Set(),
      }
    },
    put(known: KnownStack): void {
      stacks.set(known.spec.name, known)
      changed()
    },
    forget(name: string): void {
      stacks.delete(name)
      changed()
    },
    /** Calls back when a stack is another one by now, or gone. */
    onChange: (listener: () => void): void => void listeners.add(listener),

    /** Gives an instance its keeper; one that has its name already is followed by this one. */
    addKeeper(known: KnownStack, keeper: Keeper): void {
      known.keepers.set(keeper.id.name, keeper)
      keepers.set(keeper.id.name, keeper)
    },
    removeKeeper(known: KnownStack, { id }: Keeper): void {
      known.keepers.delete(id.name)
      keepers.delete(id.name)
    },

    /** Resolves once everything that runs is known: before, nothing may be started or removed. */
    whenComplete: (): Promise<void> => complete.promise,
    completed: (): void => complete.resolve(),

    /**
     * One apply of a stack at a time. Images are pulled and built outside of the stack's turn, so
     * that a registry that hangs holds up no other change of it; a removal calls the apply off.
     */
    applyInTurn<T>(stack: string, work: (apply: ApplyTurn) => Promise<T>): Promise<T> {
      return inTurn(`apply ${stack}`, async () => {
        const apply = new AbortController()
        const { signal } = apply
        applying.set(stack, apply)
        try {
          return await work({
            signal,
            get cancelled() {
              return signal.aborted
            },
          })
        } finally {
          applying.delete(stack)
        }
      })
    },
    /** True when there was an apply under way; it ends without having changed anything. */
    cancelApply(stack: string): boolean {
      const apply = applying.get(stack)
      apply?.abort()
      return apply !== undefined
    },
    cancelAllApplies(): void {
      for (const apply of applying.values()) apply.abort()
    },
    isApplying: (stack: string): boolean => applying.has(stack),

    inTurn,
  }
}

export type KnownStacks = ReturnType<typeof createKnownStacks>
