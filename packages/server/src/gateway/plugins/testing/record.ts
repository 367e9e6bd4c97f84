import { HeaderList } from '../../proxy/header-list.ts'
import type { ExchangeRecord } from '../plugin.ts'

/** What happened to a request, an ordinary one unless said otherwise. */
export const testRecord = (
  given: Partial<Omit<ExchangeRecord, 'responseHeaders'>> & {
    /** Flat. */
    responseHeaders?: readonly string[]
  } = {},
): ExchangeRecord => ({
  startedAt: new Date('2026-01-01T00:00:00Z'),
  status: 200,
  source: 'service',
  error: null,
  requestBytes: 120,
  responseBytes: 340,
  durationMs: 12,
  upstreamMs: 8,
  gatewayMs: 2,
  tries: [
    {
      instance: 'shop-1',
      host: '10.0.0.1',
      port: 8080,
      startedMs: 1,
      outcome: 200,
      durationMs: 8,
    },
  ],
  aborted: false,
  ...given,
  responseHeaders: new HeaderList([...(given.responseHeaders ?? [])]),
})
