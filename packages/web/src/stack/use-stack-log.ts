import type { LogLine } from '@keelson/contract'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { call } from '../api/call.ts'
import { useFallbackInterval, useLiveConnection } from '../live/live-context.tsx'
import { stripAnsi } from '../logs/ansi.ts'
import { createLogTail, type LogSnapshot, type LogTail } from '../logs/log-tail.ts'
import { drawSoon } from '../logs/use-log-tail.ts'
import { createStackLogReader } from './stack-log-reader.ts'

/** A stream has room for some topics; beyond, the newest lines are read instead of sent. */
const topicsMax = 12
const readEveryMs = 1000

type Wanted = { stack: string; services: readonly string[]; contains: string }

/**
 * Follows the logs of some services together. The lines on screen stay until those of another
 * choice are there.
 */
export const useStackLog = (
  { stack, services, contains }: Wanted,
  all: readonly string[],
): { tail: LogTail; snapshot: LogSnapshot } => {
  const connection = useLiveConnection()
  const fallback = useFallbackInterval()
  const isSent = all.length <= topicsMax
  const [tail, setTail] = useState(() => createLogTail({ readPage: nothing, schedule: drawSoon }))
  const names = services.join(',')
  const allNames = all.join(',')

  // Held open for all services, so that another choice of them does not break the stream.
  useEffect(() => {
    if (!isSent) return
    const stops = split(allNames).map((name) =>
      connection.subscribe(`logs:${stack}/${name}`, ignore),
    )
    return () => stops.forEach((stop) => stop())
  }, [connection, stack, allNames, isSent])

  useEffect(() => {
    let isGone = false
    const readPage = readerOf(stack, names, contains)
    const next = createLogTail({ readPage, schedule: drawSoon, isMerged: true })
    const receive = (lines: readonly LogLine[]) => next.receive(lines.filter(holding(contains)))
    const stops = isSent
      ? split(names).map((name) => connection.subscribe(`logs:${stack}/${name}`, receive))
      : []
    stops.push(connection.onConnected(() => void next.closeGap()))
    const show = async () => {
      await next.start()
      if (!isGone) setTail(next)
    }
    void show()
    return () => {
      isGone = true
      next.close()
      for (const stop of stops) stop()
    }
  }, [connection, stack, names, contains, isSent])

  useEffect(() => {
    const everyMs = isSent ? fallback : readEveryMs
    if (everyMs === false) return
    const timer = setInterval(() => {
      if (!document.hidden) void tail.closeGap()
    }, everyMs)
    return () => clearInterval(timer)
  }, [tail, fallback, isSent])

  return { tail, snapshot: useSyncExternalStore(tail.subscribe, tail.getSnapshot) }
}

const readerOf = (stack: string, services: string, contains: string) =>
  createStackLogReader((query) =>
    call('getStackLogs', {
      params: { stack },
      query: { ...query, services, ...(contains === '' ? {} : { contains }) },
    }),
  )

const holding = (contains: string) => {
  const wanted = contains.toLowerCase()
  return ({ text }: LogLine): boolean =>
    wanted === '' || stripAnsi(text).toLowerCase().includes(wanted)
}

const split = (names: string): string[] => names.split(',').filter((name) => name !== '')
const ignore = () => {}
const nothing = () => new Promise<never>(() => {})
