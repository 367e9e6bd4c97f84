import { selectorName, type AccessExplanation } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { permissionIn } from '../permission.ts'
import { getRunning } from '../platform.ts'

/** Whether somebody may, and why; exit code 4 when not. */
export const can = async (
  context: Context,
  _options: object,
  [who = '', permission = '', object]: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const query = { who, permission: permissionIn(permission) }
  const platform = await getRunning(context)
  const answer = await platform.call('explainAccess', {
    query: { ...query, ...(object === undefined ? {} : { object }) },
  })
  if (shared.json) output.data(JSON.stringify(answer, null, 2))
  else output.data(linesOf(answer).join('\n'))
  return answer.allowed ? exitCodes.ok : exitCodes.access
}

const linesOf = ({ allowed, sentence, object, considered }: AccessExplanation): string[] => [
  `${allowed ? 'yes' : 'no'}: ${sentence}`,
  ...(object.isThere
    ? []
    : [`  there is no ${object.name} now that you may see: the answer is what would hold`]),
  ...considered.map(({ grant, why }) => {
    const holder = grant.holder.kind === 'team' ? `team ${grant.holder.name}` : grant.holder.name
    const gives = grant.effect === 'allow' ? 'has' : 'is denied'
    return `  ${whys[why]}: ${holder} ${gives} ${grant.role} on ${selectorName(grant.on)}`
  }),
]

const whys: Record<AccessExplanation['considered'][number]['why'], string> = {
  decides: 'decides',
  agrees: 'says the same',
  other_object: 'is about something else',
  expired: 'is over',
  overruled: 'is overruled',
}
