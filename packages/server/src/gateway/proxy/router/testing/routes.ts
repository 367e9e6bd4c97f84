import { HeaderList } from '../../header-list.ts'
import type { RouteAsk, RouteEntry, Router } from '../route-match.ts'

/** An entry with Kong's defaults; its value is its place in the table. */
export type RouteFixture = Partial<Omit<RouteEntry<number>, 'value'>>

export const entryOf = (fixture: RouteFixture, place: number): RouteEntry<number> => ({
  id: `route-${place}`,
  name: null,
  protocols: ['http', 'https'],
  methods: [],
  hosts: [],
  paths: [],
  headers: {},
  snis: [],
  regexPriority: 0,
  stripPath: true,
  pathHandling: 'v0',
  segments: false,
  servicePath: null,
  value: place,
  ...fixture,
})

export type AskFixture = Partial<Omit<RouteAsk, 'headers'>> & {
  headers?: readonly (readonly [name: string, value: string])[]
}

export const askOf = ({ headers = [], ...fixture }: AskFixture): RouteAsk => ({
  method: 'GET',
  scheme: 'http',
  host: 'domain.org',
  path: '/',
  sni: null,
  ...fixture,
  headers: new HeaderList(headers.flat()),
})

/** The place of the route that is found; null when there is none. */
export const placeOf = (router: Router<number>, ask: AskFixture): number | null =>
  router.find(askOf(ask))?.entry.value ?? null
