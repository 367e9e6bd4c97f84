import { createServer } from 'node:net'
import { addressOf, bind } from '../proxy/front/bind.ts'

/**
 * Ports that the workers of this process bind together (SO_REUSEPORT). The kernel lets any process
 * of the same user join them, and a second gateway would get half of the connections without a
 * word: so before the first worker binds, the port is bound alone, once.
 */
export const createPortClaims = () => {
  const claims = new Map<string, Promise<number>>()

  const look = async (host: string, port: number): Promise<number> => {
    const server = createServer()
    await bind(server, { host, port })
    const bound = addressOf(server)
    await new Promise((resolve) => server.close(resolve))
    return bound.port
  }

  return {
    /** Gives the port, a free one for 0. Throws AppError('port_taken'). */
    async claim(host: string, port: number): Promise<number> {
      const known = claims.get(`${host} ${port}`)
      if (known !== undefined) return known
      const found = look(host, port)
      if (port !== 0) claims.set(`${host} ${port}`, found)
      try {
        const bound = await found
        claims.set(`${host} ${bound}`, found)
        return bound
      } catch (error) {
        claims.delete(`${host} ${port}`)
        throw error
      }
    },
    /** The workers have given it back. */
    release: (host: string, port: number): void => void claims.delete(`${host} ${port}`),
  }
}
