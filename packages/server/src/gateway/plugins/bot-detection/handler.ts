import { RE2JS } from 're2js'
import type { Static } from 'typebox'
import { several, single } from '../authentication.ts'
import { definePlugin, type PluginFault, type PluginInstance } from '../plugin.ts'
import { rememberVerdicts } from '../verdicts.ts'
import { isCrawler } from './crawlers.ts'
import { botDetectionSchema } from './schema.ts'

type BotDetectionConfig = Static<typeof botDetectionSchema>

export const botDetection = definePlugin({
  name: 'bot-detection',
  priority: 2500,
  summary: 'Keeps crawlers out, by their User-Agent.',
  schema: botDetectionSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: ({ allow, deny }) => [...faultsOf('allow', allow), ...faultsOf('deny', deny)],
  create: (config) => createBotDetection(config),
})

const faultsOf = (field: 'allow' | 'deny', patterns: readonly string[]): PluginFault[] =>
  patterns.flatMap((pattern, index) => {
    try {
      RE2JS.compile(pattern)
      return []
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [{ path: [field, index], message: `not a valid regex: '${pattern}': ${reason}` }]
    }
  })

/** Characters of user agents whose verdict is remembered. */
const rememberedCharacters = 2 * 1024 * 1024

const createBotDetection = (config: BotDetectionConfig): PluginInstance => {
  // V8 would backtrack over what somebody wrote; RE2 takes linear time for every pattern.
  const allow = config.allow.map((pattern) => RE2JS.compile(pattern))
  const deny = config.deny.map((pattern) => RE2JS.compile(pattern))
  const isRefused = (userAgent: string): boolean => {
    if (allow.some((pattern) => pattern.test(userAgent))) return false
    return deny.some((pattern) => pattern.test(userAgent)) || isCrawler(userAgent)
  }

  const verdictOf = rememberVerdicts(
    (userAgent) => ({ refused: isRefused(userAgent.trim()) }),
    rememberedCharacters,
  )

  return {
    access: (exchange) => {
      const userAgent = single(exchange.request.headers, 'user-agent')
      if (userAgent === undefined) return
      if (userAgent === several) exchange.refuse(400, 'Only one User-Agent header allowed')
      else if (verdictOf(userAgent).refused) exchange.refuse(403, 'Forbidden')
    },
  }
}
