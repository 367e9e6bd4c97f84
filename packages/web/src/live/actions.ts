import type { ActionProgress } from '@keelson/contract'

export type ActionsByStack = ReadonlyMap<string, readonly ActionProgress[]>

/** Everything went well: shown for so long, so that a person sees that it is done. */
const lingerMs = 4000
/** Nothing was heard for so long: the stream was broken, and the end of it was missed. */
const silentMs = 600_000

const isOver = ({ state }: ActionProgress): boolean =>
  state === 'done' || state === 'failed' || state === 'skipped'

/** Actions of plans that are being applied, by stack; failures stay until they are put away. */
export const createActionsStore = (now: () => number = Date.now) => {
  let current: ActionsByStack = new Map()
  const heardAt = new Map<string, number>()
  const listeners = new Set<() => void>()

  const set = (stack: string, actions: readonly ActionProgress[] | null) => {
    const next = new Map(current)
    if (actions === null) next.delete(stack)
    else next.set(stack, actions)
    current = next
    for (const listener of listeners) listener()
  }

  return {
    put: (action: ActionProgress) => {
      const known = current.get(action.stack) ?? []
      // What begins after all is over is another plan.
      const before = known.every(isOver) && !isOver(action) ? [] : known
      const at = before.findIndex(({ id }) => id === action.id)
      heardAt.set(action.stack, now())
      set(action.stack, at === -1 ? [...before, action] : before.with(at, action))
    },
    expire: () => {
      for (const [stack, actions] of current) {
        const ageMs = now() - (heardAt.get(stack) ?? 0)
        const hasFailed = actions.some(({ state }) => state === 'failed')
        const wentWell = actions.every(isOver) && !hasFailed
        if (ageMs > (wentWell ? lingerMs : silentMs)) set(stack, null)
      }
    },
    dismiss: (stack: string) => set(stack, null),
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    get: () => current,
  }
}
