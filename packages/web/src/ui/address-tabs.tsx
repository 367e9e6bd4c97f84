import { Tabs } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'

type AddressTabsProps<Tab extends string> = {
  /** All of them by their names; the first is shown where the address names none. */
  names: Readonly<Partial<Record<Tab, string>>>
  tab: Tab
  /** Undefined: the first one, which the address does not name. */
  onTab: (tab: Tab | undefined) => void
  /** How much there is behind a tab. */
  marks?: Readonly<Partial<Record<Tab, ReactNode>>>
  /** A Tabs.Panel for each. */
  children: ReactNode
}

/** Sides of one thing, of which the address says which is shown. */
export const AddressTabs = <Tab extends string>(props: AddressTabsProps<Tab>) => {
  const { names, tab, onTab, marks, children } = props
  const tabs = Object.keys(names) as Tab[]
  const list = useRef<HTMLDivElement>(null)
  // On a narrow screen the tabs scroll, and the one that is shown may stand outside.
  useEffect(() => {
    const shown = list.current?.querySelector(`[data-tab=${tab}]`)
    shown?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [tab])
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(value) => {
        const next = tabs.find((each) => each === value)
        onTab(next === tabs[0] ? undefined : next)
      }}
    >
      <Tabs.List ref={list}>
        {tabs.map((each) => (
          <Tabs.Tab key={each} value={each} data-tab={each}>
            {names[each]}
            {marks?.[each]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {children}
    </Tabs>
  )
}
