const tabs = ['overview', 'logs', 'environment', 'why', 'timeline'] as const
export type Tab = (typeof tabs)[number]

/** Which part of a service is looked at, and which instance's log. */
export type ServiceSearch = { tab?: Tab; instance?: string }

export const validateServiceSearch = (search: Record<string, unknown>): ServiceSearch => {
  const found: ServiceSearch = {}
  const tab = tabs.find((each) => each === search['tab'])
  if (tab !== undefined && tab !== 'overview') found.tab = tab
  if (typeof search['instance'] === 'string') found.instance = search['instance'].slice(0, 200)
  return found
}
