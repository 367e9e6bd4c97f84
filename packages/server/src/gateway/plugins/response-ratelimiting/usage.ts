import type { HeaderList } from '../../proxy/header-list.ts'

/**
 * What the service says it used: `videos=2, images=1`. Unknown names and what is no whole number
 * count nothing; of a name given twice the last one counts, as in Kong.
 */
export const usageOf = (
  headers: HeaderList,
  field: string,
  names: ReadonlySet<string>,
): ReadonlyMap<string, number> => {
  const usage = new Map<string, number>()
  for (const part of headers.all(field).flatMap((value) => value.split(','))) {
    const [name = '', amount = '', ...more] = part.split('=').map((side) => side.trim())
    if (more.length > 0 || !names.has(name) || !/^-?\d{1,15}$/.test(amount)) continue
    usage.set(name, Number(amount))
  }
  return usage
}
