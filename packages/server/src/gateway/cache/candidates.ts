import { entryId, type CacheRequest } from './stored-response.ts'
import { secondaryKey } from './vary.ts'

/** Where answers that fit this request would be, given by what answers to its URL vary. */
export const candidateIds = (
  request: CacheRequest,
  varySets: readonly (readonly string[])[],
): string[] => {
  const ids: string[] = []
  const wantsPart = request.method === 'GET' && request.headers.has('range')
  for (const names of varySets) {
    const secondary = secondaryKey(names, request.headers)
    ids.push(entryId(request, names, secondary, false))
    if (wantsPart) ids.push(entryId(request, names, secondary, true))
  }
  return ids
}
