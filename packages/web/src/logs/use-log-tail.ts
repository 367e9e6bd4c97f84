import type { LogLine } from '@keelson/contract'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { call } from '../api/call.ts'
import { useFallbackInterval, useLiveConnection } from '../live/live-context.tsx'
import { createLogTail, type LogSnapshot, type LogTail } from './log-tail.ts'

/** Between two drawings: fast enough to look live, slow enough to leave time for scrolling. */
const drawEveryMs = 80

/** Follows the log of a service, or of one of its instances. Mount it anew for another one. */
export const useLogTail = (
  serviceId: string,
  instance: string | undefined,
): { tail: LogTail; snapshot: LogSnapshot } => {
  const connection = useLiveConnection()
  const fallback = useFallbackInterval()
  const [tail] = useState(() => {
    const params = { name: serviceId }
    const one = instance === undefined ? {} : { instance }
    return createLogTail({
      readPage: (query) => call('getServiceLogs', { params, query: { ...query, ...one } }),
      schedule: drawSoon,
    })
  })

  useEffect(() => {
    const isWanted = (line: LogLine) => instance === undefined || line.instance === instance
    const stops = [
      connection.subscribe(`logs:${serviceId}`, (lines) =>
        tail.receive(instance === undefined ? lines : lines.filter(isWanted)),
      ),
      connection.onConnected(() => void tail.closeGap()),
    ]
    void tail.start()
    return () => {
      for (const stop of stops) stop()
    }
  }, [connection, tail, serviceId, instance])

  useEffect(() => {
    if (fallback === false) return
    const timer = setInterval(() => void tail.closeGap(), fallback)
    return () => clearInterval(timer)
  }, [tail, fallback])

  return { tail, snapshot: useSyncExternalStore(tail.subscribe, tail.getSnapshot) }
}

let lastDrawnAt = 0

/** The next frame, but not before `drawEveryMs` have passed since the last one. */
export const drawSoon = (run: () => void) => {
  const draw = () => {
    lastDrawnAt = performance.now()
    run()
  }
  const waitMs = drawEveryMs - (performance.now() - lastDrawnAt)
  // A hidden tab gets no frames; its lines must not pile up until it is looked at again.
  if (document.hidden) setTimeout(draw, 1000)
  else setTimeout(() => requestAnimationFrame(draw), Math.max(0, waitMs))
}
