import type { OwnDoors } from '../cache/index.ts'
import type { HandshakeOptions } from '../tls/tls-options.ts'
import type { Door } from './engine.ts'
import { createListener, type ListenerOptions } from './front/listener.ts'

const ownHost = '127.0.0.1'

type Options = Pick<ListenerOptions, 'newId' | 'clock' | 'warn'> & { tls: HandshakeOptions | null }

/** Opens ways in to a door on the loopback for as long as the work takes; nobody else is told of them. */
export const throughOwnDoors = async <T>(
  door: Door,
  { tls, ...options }: Options,
  work: (doors: OwnDoors) => Promise<T>,
): Promise<T> => {
  const plain = createListener({ ...options, engineDoor: door.handle })
  const secure = createListener({ ...options, engineDoor: door.handle, tls: tls ?? {} })
  try {
    await plain.open(ownHost, 0)
    if (tls !== null) await secure.open(ownHost, 0)
    return await work({ http: plain.address(), https: tls === null ? null : secure.address() })
  } finally {
    door.beginClose()
    await Promise.all([plain.closed(), secure.closed()])
  }
}
