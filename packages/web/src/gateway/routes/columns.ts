import { useMediaQuery } from '@mantine/hooks'
import { useMemo } from 'react'

export type Column = 'route' | 'match' | 'to' | 'plugins' | 'rate' | 'errors' | 'latency'

/** From which width of the screen on there is room for it, in px; routes.css has their widths. */
const columns: readonly {
  name: Column
  head: string
  isNumber?: true
  from: 0 | 641 | 1021 | 1181
}[] = [
  { name: 'route', head: 'Route', from: 0 },
  { name: 'match', head: 'Takes', from: 0 },
  { name: 'to', head: 'Goes to', from: 641 },
  { name: 'plugins', head: 'Plugins, in order', from: 1021 },
  { name: 'rate', head: 'Requests', isNumber: true, from: 0 },
  { name: 'errors', head: 'Errors', isNumber: true, from: 641 },
  { name: 'latency', head: 'Latency', isNumber: true, from: 1181 },
]

export type Columns = readonly (typeof columns)[number][]

const atOnce = { getInitialValueInEffect: false }

/** Those that this screen has room for. What is left out is told when a route is unfolded. */
export const useColumns = (): Columns => {
  const isMedium = useMediaQuery('(min-width: 641px)', undefined, atOnce)
  const isWide = useMediaQuery('(min-width: 1021px)', undefined, atOnce)
  const isWhole = useMediaQuery('(min-width: 1181px)', undefined, atOnce)
  return useMemo(() => {
    const room = { 0: true, 641: isMedium, 1021: isWide, 1181: isWhole }
    return columns.filter(({ from }) => room[from])
  }, [isMedium, isWide, isWhole])
}
