import { messageOf } from '../../kernel/errors.ts'

type Verbs<T> = { [V in keyof T]: (arg: never) => unknown }

/** An ask without an id is only told. */
type Message =
  | { kind: 'ask'; id: number | null; verb: string; arg: unknown }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'refusal'; id: number; reason: string }

type Port = {
  postMessage(message: Message): void
  on(event: 'message', listener: (message: Message) => void): unknown
}

type Waiting = { resolve: (value: never) => void; reject: (error: Error) => void }

/** The other end is gone, and what it was asked is not answered. */
export class LineEnded extends Error {
  override readonly name = 'LineEnded'
}

/**
 * Two threads that ask each other by name, in order. What is sent is copied; of an error only its
 * message arrives.
 */
export const createLine = <Theirs extends Verbs<Theirs>, Ours extends Verbs<Ours>>(
  port: Port,
  ours: Ours,
) => {
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let isEnded = false

  const reply = async ({ id, verb, arg }: Extract<Message, { kind: 'ask' }>): Promise<void> => {
    const work = ours[verb as keyof Ours] as unknown as (arg: unknown) => unknown
    if (id === null) return void work(arg)
    try {
      port.postMessage({ kind: 'answer', id, value: await work(arg) })
    } catch (error) {
      port.postMessage({ kind: 'refusal', id, reason: messageOf(error) })
    }
  }

  port.on('message', (message) => {
    if (message.kind === 'ask') return void reply(message)
    const one = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'answer') one?.resolve(message.value as never)
    else one?.reject(new Error(message.reason))
  })

  return {
    /** Rejects with what the other end throws, or LineEnded. */
    ask<V extends keyof Theirs & string>(
      verb: V,
      arg: Parameters<Theirs[V]>[0],
    ): Promise<Awaited<ReturnType<Theirs[V]>>> {
      if (isEnded) return Promise.reject(new LineEnded())
      asked += 1
      const id = asked
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        port.postMessage({ kind: 'ask', id, verb, arg })
      })
    },
    tell<V extends keyof Theirs & string>(verb: V, arg: Parameters<Theirs[V]>[0]): void {
      if (!isEnded) port.postMessage({ kind: 'ask', id: null, verb, arg })
    },
    end(): void {
      isEnded = true
      for (const { reject } of waiting.values()) reject(new LineEnded())
      waiting.clear()
    },
  }
}
