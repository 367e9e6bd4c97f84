import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'

const verdicts = {
  promote: { verdict: 'promote', text: 'is promoted: it takes all requests' },
  rollback: { verdict: 'roll back', text: 'is rolled back: it takes no requests' },
  restart: { verdict: 'restart', text: 'begins again' },
} as const

/** Decides by hand what becomes of a canary. */
export const canary = async (
  context: Context,
  _options: object,
  [service = '', given = '']: readonly string[],
): Promise<number> => {
  const { verdict, text } = verdicts[given as keyof typeof verdicts]
  const platform = await getRunning(context)
  await platform.call('decideGatewayCanary', { body: { service, verdict } })
  context.output.message(`The canary of ${service} ${text}`)
  return exitCodes.ok
}
