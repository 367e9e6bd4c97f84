import type { Static } from 'typebox'
import { readFields } from '../body-fields.ts'
import type { PluginRequest } from '../plugin.ts'
import { hasParameter } from '../query.ts'
import type { sessionSchema } from './schema.ts'

const bodyMethods: ReadonlySet<string> = new Set(['DELETE', 'PATCH', 'POST', 'PUT'])

/** Whether a request asks for the end of its session, by the query or by its body. */
export const isLogout = async (
  request: PluginRequest,
  config: Static<typeof sessionSchema>,
): Promise<boolean> => {
  const { method } = request
  if (!config.logout_methods.some((each) => each === method)) return false
  if (hasParameter(request.query, config.logout_query_arg)) return true
  if (!config.read_body_for_logout || !bodyMethods.has(method)) return false
  const fields = await readFields(request)
  return fields?.get(config.logout_post_arg) !== undefined
}
