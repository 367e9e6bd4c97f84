import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { AppError } from '../errors.ts'
import { findPortHolder } from '@keelson/contract/listeners'
import { asFolderError, errnoOf, writeDurably } from './durable-file.ts'
import type { Log } from '../log.ts'

/**
 * The TCP port to use. One that was asked for must be free (`postgres_port_taken` { port, pid,
 * command }). Otherwise the one of last time, so that the URLs services were given stay true, or
 * when someone took it meanwhile a new one.
 */
export const choosePort = async (
  wanted: number | undefined,
  portFile: string,
  log: Log,
): Promise<number> => {
  if (wanted !== undefined && wanted !== 0) {
    if (await isPortFree(wanted)) return wanted
    throw await portTaken(wanted)
  }
  const former = Number((await readFile(portFile, 'utf8').catch(() => '')).trim())
  const known = Number.isInteger(former) && former > 0 && former < 65_536
  if (known && (await isPortFree(former))) return former
  const port = await findFreePort()
  if (known) log.warn({ former, port }, 'the port of postgres was taken: it gets another one')
  try {
    await writeDurably(portFile, `${port}\n`)
  } catch (cause) {
    throw asFolderError(cause, portFile)
  }
  return port
}

export const portTaken = async (port: number): Promise<AppError> => {
  const holder = await findPortHolder(port)
  const pid = holder?.pid ?? undefined
  const command = holder?.command ?? undefined
  const who = pid === undefined ? 'another program' : `${command ?? 'a program'} (pid ${pid})`
  const message = `Port ${port} for the embedded PostgreSQL is in use by ${who}`
  return new AppError('postgres_port_taken', { message, port, pid, command })
}

const isPortFree = (port: number): Promise<boolean> =>
  listen(port).then(
    () => true,
    (thrown: unknown) => {
      if (errnoOf(thrown) === 'EADDRINUSE' || errnoOf(thrown) === 'EACCES') return false
      throw thrown
    },
  )

const findFreePort = (): Promise<number> => listen(0)

/** Listens for a moment; resolves to the port. */
const listen = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => resolve(bound))
    })
  })
