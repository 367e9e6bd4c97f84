import type { ServiceSummary, State } from '@keelson/contract'
import { isState } from '../ui/state.tsx'
import type { ServicesSearch } from './services-search.ts'

export const statesOf = (search: ServicesSearch): State[] =>
  (search.state ?? '').split(',').filter(isState)

const matchesText = (service: ServiceSummary, text: string): boolean =>
  [service.id, service.reason, service.description ?? '', service.owner ?? ''].some((field) =>
    field.toLowerCase().includes(text),
  )

/** The services that every filter of the search lets through. */
export const filterServices = (
  services: readonly ServiceSummary[],
  search: ServicesSearch,
): ServiceSummary[] => {
  const states = statesOf(search)
  const words = (search.q ?? '').toLowerCase()
  return services.filter(
    (service) =>
      (states.length === 0 || states.includes(service.state)) &&
      (search.category === undefined || service.category === search.category) &&
      (search.stack === undefined || service.stack === search.stack) &&
      (words === '' || matchesText(service, words)),
  )
}
