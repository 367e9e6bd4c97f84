import type { GapInventory, GapService } from '@keelson/contract'
import { categoryOrder, formatCategory } from '../ui/format.ts'

/**
 * `partly`: it runs, and nobody asks whether it is healthy. `unknown`: it cannot be seen from here.
 * `off`: nothing of it is to run. `none`: there is nothing to draw, before a line begins and after it
 * has ended.
 */
export type FlowMark = 'there' | 'partly' | 'missing' | 'unknown' | 'off' | 'none'

export type FlowRow = {
  key: string
  /** Null: several that are claimed and of which no name is known. */
  service: string | null
  name: string
  /** One for each column: claimed, declared, built, running. */
  marks: FlowMark[]
  /** The column where it drops out of the flow. */
  dropsAt: number | null
  fault: string
  /** The whole row in words. */
  sentence: string
  place: string
  /** How many it stands for. */
  count: number
  y: number
  height: number
  isNamed: boolean
}
export type FlowColumn = { name: string; count: number | null; x: number }
export type FlowLayout = {
  columns: FlowColumn[]
  /** Where each category begins, with how many of it come through. */
  captions: { text: string; y: number }[]
  rows: FlowRow[]
  width: number
  height: number
  isNarrow: boolean
  /** Every service has its name beside it, not only those that drop out. */
  isRoomy: boolean
}

/** More services than this do not each get a name; those that drop out always do. */
const roomyMax = 24
const narrowBelow = 620
const headHeight = 58
const captionHeight = 26
const categoryGap = 8

/** Places of everything that the picture draws, in pixels. Pure. */
export const layOutFlow = (inventory: GapInventory, width: number): FlowLayout => {
  const isNarrow = width < narrowBelow
  const isRoomy = inventory.services.length <= roomyMax
  const captions: FlowLayout['captions'] = []
  const rows: FlowRow[] = []
  let y = headHeight
  const place = (row: Drawn) => {
    const isNamed = isRoomy || row.dropsAt !== null
    const height = isNamed ? (isNarrow ? 36 : 26) : 10
    rows.push({ ...row, y, height, isNamed })
    y += height
  }
  for (const [category, services] of byCategory(inventory.services)) {
    const drawn = services.map((service) => rowOf(service, inventory))
    captions.push({ text: captionOf(category, drawn), y })
    y += captionHeight
    for (const row of drawn) place(row)
    y += categoryGap
  }
  const rest = nowhereOf(inventory)
  if (rest !== null) place(rest)
  return {
    columns: columnsOf(inventory, width, isNarrow, isRoomy),
    ...{ captions, rows, width, height: y + categoryGap, isNarrow, isRoomy },
  }
}

type Drawn = Omit<FlowRow, 'y' | 'height' | 'isNamed'>

const columnsOf = (
  { claimed, declared, built, running, healthy, services }: GapInventory,
  width: number,
  isNarrow: boolean,
  isRoomy: boolean,
): FlowColumn[] => {
  const left = isNarrow ? 30 : isRoomy ? 190 : 60
  const right = isNarrow ? 30 : Math.min(300, width * 0.28)
  const step = Math.max(0, width - left - right) / 3
  const last =
    healthy === null ? { name: 'running', count: running } : { name: 'healthy', count: healthy }
  // Without a total the documents may still name services.
  const named = services.filter((service) => service.claimed).length
  return [
    claimed === null ? { name: 'named', count: named } : { name: 'claimed', count: claimed },
    { name: 'declared', count: declared },
    { name: 'built', count: built },
    last,
  ].map((column, index) => ({ ...column, x: Math.round(left + index * step) }))
}

/** The team's own code first, then by the usual order of categories or by name; services by name. */
const byCategory = (services: readonly GapService[]): [string, GapService[]][] => {
  const rank = (category: string) => {
    if (category === 'own code') return -1
    const at = categoryOrder.indexOf(category)
    return at === -1 ? categoryOrder.length : at
  }
  const sorted = services.toSorted((a, b) => a.service.localeCompare(b.service))
  return [...Map.groupBy(sorted, ({ category }) => category)].toSorted(
    ([a], [b]) => rank(a) - rank(b) || a.localeCompare(b),
  )
}

/** `Core · 5`, or with some that drop out `Core · 3 of 5 come through`. */
const captionOf = (category: string, rows: readonly Drawn[]): string => {
  const name = formatCategory(category)
  const through = rows.filter(({ dropsAt }) => dropsAt === null).length
  const count = through === rows.length ? through : `${through} of ${rows.length} come through`
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)} · ${count}`
}

const rowOf = (service: GapService, inventory: GapInventory): Drawn => {
  const marks = marksOf(service, inventory)
  const at = marks.indexOf('missing')
  const place = service.line === 0 ? service.file : `${service.file}:${service.line}`
  const fault = faultOf(service, marks)
  return {
    ...{ key: `${service.service} ${place}`, service: service.service, name: service.service },
    ...{ marks, dropsAt: at === -1 ? null : at, fault, place, count: 1 },
    sentence: `${told(service.service, fault)}: ${stepsOf(marks, service.runs === 'once')}`,
  }
}

/** What stands beside a line; what a screen reader says begins with the same words. */
export const told = (name: string, fault: string): string =>
  fault === '' ? name : `${name}: ${fault}`

const marksOf = (service: GapService, { running: looked }: GapInventory): FlowMark[] => {
  const built = service.built === null ? 'unknown' : service.built ? 'there' : 'missing'
  return [service.claimed ? 'there' : 'none', 'there', built, runningMark(service, looked !== null)]
}

const runningMark = (service: GapService, isLooked: boolean): FlowMark => {
  const { built, runs, running, healthy } = service
  if (runs === 'off' && isLooked) return built === false ? 'none' : 'off'
  if (running === null) return isLooked && built !== false ? 'unknown' : 'none'
  // What cannot be built and does not run has dropped out before.
  if (!running) return built === false ? 'none' : 'missing'
  if (healthy === null) return 'partly'
  return healthy ? 'there' : 'missing'
}

const faultOf = ({ built, runs, running, healthy, why }: GapService, marks: FlowMark[]): string => {
  if (!marks.includes('missing')) return ''
  if (built === false) return why ?? 'cannot be built'
  if (running === false) return runs === 'once' ? 'did not end well' : 'is not running'
  return healthy === false ? 'runs and is not healthy' : ''
}

const stepsOf = ([claimed, , built, running]: readonly FlowMark[], isJob: boolean): string =>
  [
    claimed === 'there' ? 'claimed' : 'named by no document',
    'declared',
    ...(built === 'there'
      ? ['built']
      : built === 'unknown'
        ? ['build not visible']
        : ['not built']),
    ...(running === 'there' ? [isJob ? 'ended well, or is at it' : 'healthy'] : []),
    ...(running === 'off' ? ['off in what was applied'] : []),
    ...(running === 'partly' ? ['running, its health is not asked for'] : []),
    ...(running === 'unknown' ? ['not visible whether it runs'] : []),
    ...(running === 'missing' ? ['not healthy'] : []),
  ].join(', ')

/** What documents count beyond what is declared: no name is known, only how many. */
const nowhereOf = ({ claimed, declared, claims }: GapInventory): Drawn | null => {
  const count = (claimed ?? 0) - declared
  if (count <= 0) return null
  const [claim] = claims
  const name = `${count} more`
  const fault = 'claimed and declared nowhere'
  return {
    ...{ key: ' claimed', service: null, name, marks: ['there', 'missing', 'none', 'none'], count },
    ...{ dropsAt: 1, fault },
    sentence: `${told(name, fault)}${claim === undefined ? '' : `: ${claim.text}`}`,
    place: claim === undefined ? '' : `${claim.file}:${claim.line}`,
  }
}

/** As much of a text as fits, by the width of an average letter; the whole is in the caption. */
export const fitted = (text: string, widthPx: number): string => {
  const letters = Math.floor(widthPx / 6.6)
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`
}
