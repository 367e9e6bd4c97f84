import type { Static } from 'typebox'
import { HeaderList } from '../../proxy/header-list.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginFault,
  type PluginInstance,
} from '../plugin.ts'
import { compileOrigin, isPlainOrigin, normalOrigin, type OriginRule } from './origins.ts'
import { rememberVerdicts } from '../verdicts.ts'
import { corsSchema } from './schema.ts'

type CorsConfig = Static<typeof corsSchema>

export const cors = definePlugin({
  name: 'cors',
  priority: 2000,
  summary: 'Lets pages of other origins call, and answers their preflights.',
  schema: corsSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: ({ origins }) => (origins ?? []).flatMap(faultsOfOrigin),
  create: (config) => createCors(config),
})

const faultsOfOrigin = (entry: string, index: number): PluginFault[] => {
  if (entry === '*') return []
  try {
    compileOrigin(entry)
    return []
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [{ path: ['origins', index], message: `'${entry}' is not a valid regex: ${reason}` }]
  }
}

/** A preflight has its headers, or gets those of the service: nothing is added to its answer. */
const preflightNote = Symbol('CORS preflight')

/** Characters of origins whose verdict is remembered. */
const rememberedCharacters = 1024 * 1024

const createCors = (config: CorsConfig): PluginInstance => {
  const allow = allowOrigin(config)
  const { credentials, exposed_headers, headers: allowedHeaders, max_age } = config
  const methods = config.methods.join(',')
  const exposed = (exposed_headers ?? []).join(',')
  const allowed = (allowedHeaders ?? []).join(',')

  /** Says who may read; an answer of a preflight has no headers before. */
  const addOrigin = (answer: HeaderList, origin: string | undefined): void => {
    const verdict = allow(origin)
    if (verdict.varies) answer.add('Vary', 'Origin')
    if (verdict.origin === null) answer.remove('access-control-allow-origin')
    else answer.set('Access-Control-Allow-Origin', verdict.origin)
    if (!credentials) return
    if (verdict.origin !== '*') {
      answer.set('Access-Control-Allow-Credentials', 'true')
    } else if (origin !== undefined && origin !== '') {
      // Browsers refuse `*` together with credentials (Fetch, CORS check).
      if (!verdict.varies) answer.add('Vary', 'Origin')
      answer.set('Access-Control-Allow-Origin', origin)
      answer.set('Access-Control-Allow-Credentials', 'true')
    }
  }

  const answerPreflight = (exchange: PluginExchange, origin: string): void => {
    const asked = exchange.request.headers
    const answer = new HeaderList()
    addOrigin(answer, origin)
    const headers = allowed === '' ? asked.get('access-control-request-headers') : allowed
    if (headers !== undefined) answer.add('Access-Control-Allow-Headers', headers)
    answer.add('Access-Control-Allow-Methods', methods)
    if (max_age !== null) answer.add('Access-Control-Max-Age', String(max_age))
    if (config.private_network && asked.get('access-control-request-private-network') === 'true') {
      answer.add('Access-Control-Allow-Private-Network', 'true')
    }
    exchange.respond({ status: 200, headers: answer.raw, body: null })
  }

  return {
    access: (exchange) => {
      const { method, headers } = exchange.request
      if (method !== 'OPTIONS') return
      const origin = headers.get('origin')
      if (origin === undefined || origin === '') return
      if (!headers.has('access-control-request-method')) return
      exchange.notes.set(preflightNote, true)
      if (!config.preflight_continue) answerPreflight(exchange, origin)
    },
    response: (exchange, response) => {
      if (exchange.request.method === 'OPTIONS' && exchange.notes.has(preflightNote)) return
      const origin = exchange.request.headers.get('origin')
      if ((origin === undefined || origin === '') && !config.allow_origin_absent) return
      addOrigin(response.headers, origin)
      if (exposed !== '') response.headers.set('Access-Control-Expose-Headers', exposed)
    },
  }
}

/** What Access-Control-Allow-Origin says, and whether that depends on who asks. */
type Verdict = { origin: string | null; varies: boolean }

const everybody: Verdict = { origin: '*', varies: false }
const everybodyHere: Verdict = { origin: '*', varies: true }
const nobody: Verdict = { origin: null, varies: true }

const allowOrigin = ({ origins }: CorsConfig): ((origin: string | undefined) => Verdict) => {
  const [first, ...others] = origins ?? []
  if (first === undefined || (first === '*' && others.length === 0)) return () => everybody
  if (others.length === 0 && isPlainOrigin(first)) {
    const only: Verdict = { origin: first, varies: true }
    return () => only
  }
  const star = (origins ?? []).includes('*')
  const rules: OriginRule[] = star ? [] : (origins ?? []).map(compileOrigin)
  const verdictOf = rememberVerdicts<Verdict>((text) => {
    const asked = normalOrigin(text)
    return rules.some((rule) => rule(asked)) ? { origin: asked.origin, varies: true } : nobody
  }, rememberedCharacters)
  return (text) => {
    if (text === undefined || text === '') return nobody
    return star ? everybodyHere : verdictOf(text)
  }
}
