const tabs = ['services', 'plan', 'drift', 'updates', 'start', 'logs'] as const
export type Tab = (typeof tabs)[number]

/** Which part of a stack is looked at, which service is unfolded, and which logs are read. */
export type StackSearch = { tab?: Tab; service?: string; logs?: string; find?: string }

const textMax = 500

export const validateStackSearch = (search: Record<string, unknown>): StackSearch => {
  const found: StackSearch = {}
  const tab = tabs.find((each) => each === search['tab'])
  if (tab !== undefined && tab !== 'services') found.tab = tab
  for (const name of ['service', 'logs', 'find'] as const) {
    const value = search[name]
    if (typeof value === 'string' && value !== '') found[name] = value.slice(0, textMax)
  }
  return found
}
