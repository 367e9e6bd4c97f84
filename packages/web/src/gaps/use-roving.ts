import { useRef, useState, type KeyboardEvent } from 'react'

/**
 * One stop of the Tab key for many marks: the arrow keys, Home and End go from one to the next.
 * What is pointed at, by mouse or by focus, is `pointed`.
 */
export const useRoving = (count: number, initial = 0) => {
  const [stop, setStop] = useState(initial)
  const [pointed, setPointed] = useState<number | null>(null)
  const marks = useRef(new Map<number, SVGGElement>())
  const current = Math.min(stop, Math.max(0, count - 1))

  const onKeyDown = (event: KeyboardEvent, at: number) => {
    const next = targetOf(event.key, at, count)
    if (next === undefined) return
    event.preventDefault()
    marks.current.get(next)?.focus()
  }

  const propsOf = (at: number) => ({
    ref: (mark: SVGGElement | null) => {
      if (mark === null) marks.current.delete(at)
      else marks.current.set(at, mark)
    },
    tabIndex: at === current ? 0 : -1,
    onFocus: () => {
      setStop(at)
      setPointed(at)
    },
    onBlur: () => setPointed(null),
    onMouseEnter: () => setPointed(at),
    onMouseLeave: () => setPointed(null),
    onKeyDown: (event: KeyboardEvent) => onKeyDown(event, at),
  })
  return { pointed: pointed === null || pointed >= count ? null : pointed, propsOf }
}

const targetOf = (key: string, at: number, count: number): number | undefined => {
  if (key === 'ArrowDown' || key === 'ArrowRight') return Math.min(at + 1, count - 1)
  if (key === 'ArrowUp' || key === 'ArrowLeft') return Math.max(at - 1, 0)
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : undefined
}
