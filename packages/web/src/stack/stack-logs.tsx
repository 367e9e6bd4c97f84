import type { StackState } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useDebouncedCallback, useDebouncedValue } from '@mantine/hooks'
import { useCallback, useMemo, useState } from 'react'
import type { InstanceLabel } from '../logs/log-list.tsx'
import { LogView } from '../logs/log-view.tsx'
import type { StackSearch } from './stack-search.ts'
import { useStackLog } from './use-stack-log.ts'
import './stack-logs.css'

type StackLogsProps = {
  state: StackState
  search: StackSearch
  onSearch: (search: StackSearch) => void
}

/** Tones that tell services apart; the name beside the line says the same. */
const tonesCount = 6

/** The logs of several services as one, in the order in which things happened. */
export const StackLogs = ({ state, search, onSearch }: StackLogsProps) => {
  // The same list for as long as the names are the same: rows are drawn again when it changes.
  const names = state.services.map(({ summary }) => summary.name)
  const joined = names.toSorted().join(',')
  const all = useMemo(() => joined.split(',').filter((name) => name !== ''), [joined])
  const stack = state.stack.name
  const asked = new Set(search.logs?.split(','))
  const chosen = all.filter((name) => asked.has(name))
  const services = chosen.length === 0 ? all : chosen
  const [text, setText] = useState(search.find ?? '')
  const [query] = useDebouncedValue(text, 150)
  const find = search.find ?? ''
  const { tail, snapshot } = useStackLog({ stack, services, contains: find }, all)
  const labelOf = useLabels(stack, all)

  const go = (names: readonly string[], looked: string) =>
    onSearch({
      tab: 'logs',
      ...(names.length === 0 || names.length === all.length ? {} : { logs: names.join(',') }),
      ...(looked === '' ? {} : { find: looked }),
    })
  // The platform is asked once typing pauses; what is on screen is narrowed down at once.
  const lookFor = useDebouncedCallback((looked: string) => go(chosen, looked), 400)

  return (
    <div className="stack">
      <ServiceChips
        all={all}
        chosen={chosen}
        labelOf={labelOf}
        stack={stack}
        onChoose={(names) => go(names, text)}
      />
      <LogView
        tail={tail}
        snapshot={snapshot}
        text={text}
        query={query}
        onText={(typed) => {
          setText(typed)
          lookFor(typed)
        }}
        filters={
          find !== '' &&
          snapshot.hasOlder && (
            <Button
              size="xs"
              variant="default"
              loading={snapshot.loadingOlder}
              onClick={() => void tail.readOlder()}
            >
              Search further back
            </Button>
          )
        }
        labelOf={labelOf}
        fileName={`${stack}.log`}
      />
    </div>
  )
}

type ServiceChipsProps = {
  all: readonly string[]
  chosen: readonly string[]
  stack: string
  labelOf: InstanceLabel
  onChoose: (names: readonly string[]) => void
}

/** Which services are read; none chosen means all of them. */
const ServiceChips = ({ all, chosen, stack, labelOf, onChoose }: ServiceChipsProps) => (
  <div className="facets logs-chips" role="group" aria-label="Services">
    <button
      type="button"
      className="facet"
      aria-pressed={chosen.length === 0}
      onClick={() => onChoose([])}
    >
      All
    </button>
    {all.map((name) => (
      <button
        key={name}
        type="button"
        className="facet"
        aria-pressed={chosen.includes(name)}
        onClick={() =>
          onChoose(
            chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name],
          )
        }
      >
        <span className={`chip-dot ${labelOf(`${stack}-${name}-1`).tone}`} aria-hidden="true" />
        {name}
      </button>
    ))}
  </div>
)

/** `payments 1` for `shop-payments-1`, in the tone of its service. */
const useLabels = (stack: string, all: readonly string[]): InstanceLabel =>
  useCallback(
    (instance) => {
      const rest = instance.startsWith(`${stack}-`) ? instance.slice(stack.length + 1) : instance
      const dash = rest.lastIndexOf('-')
      const service = dash === -1 ? rest : rest.slice(0, dash)
      return {
        text: dash === -1 ? rest : `${service} ${rest.slice(dash + 1)}`,
        tone: `logs-tone-${Math.max(0, all.indexOf(service)) % tonesCount}`,
      }
    },
    [stack, all],
  )
