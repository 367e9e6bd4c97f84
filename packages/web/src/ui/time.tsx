import { useSyncExternalStore } from 'react'
import { formatAbsolute, formatAgo, formatFor, formatUntil } from './format.ts'

/** One timer for every time on the page; a time renders again only when its text changes. */
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const useText = (format: (at: string, nowMs: number) => string, at: string): string =>
  useSyncExternalStore(subscribe, () => format(at, Date.now()))

type TimeProps = { at: string }

/** `3 min ago`; the absolute time on hover. */
export const Ago = ({ at }: TimeProps) => (
  <time dateTime={at} title={formatAbsolute(at)}>
    {useText(formatAgo, at)}
  </time>
)

/** How long something has lasted: `3 min`; since when on hover. */
export const For = ({ at }: TimeProps) => (
  <time dateTime={at} title={`Since ${formatAbsolute(at)}`}>
    {useText(formatFor, at)}
  </time>
)

/** `in 12 s`; the absolute time on hover. */
export const Until = ({ at }: TimeProps) => (
  <time dateTime={at} title={formatAbsolute(at)}>
    {useText(formatUntil, at)}
  </time>
)
