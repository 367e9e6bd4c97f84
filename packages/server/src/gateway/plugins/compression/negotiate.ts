export const encodings = ['zstd', 'br', 'gzip'] as const
export type Encoding = (typeof encodings)[number]

/**
 * The encoding for an Accept-Encoding (RFC 9110 12.5.3): of those the client likes best, the first
 * of `offered`; null when it takes none of them, or likes the plain answer better.
 */
export const negotiate = (
  accepted: string | undefined,
  offered: readonly Encoding[],
): Encoding | null => {
  if (accepted === undefined) return null
  const weights = weightsOf(accepted)
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0
  let best: Encoding | null = null
  let most = 0
  for (const encoding of offered) {
    const named =
      encoding === 'gzip'
        ? Math.max(weightOf('gzip'), weights.get('x-gzip') ?? 0)
        : weightOf(encoding)
    if (named <= most) continue
    best = encoding
    most = named
  }
  return most >= (weights.get('identity') ?? 0) ? best : null
}

/** Codings beyond this count as not named: the field may be long, and nobody knows so many. */
const codingsMax = 32

const weightsOf = (accepted: string): ReadonlyMap<string, number> => {
  const weights = new Map<string, number>()
  for (const item of accepted.split(',', codingsMax)) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = q === undefined ? 1 : Number(q.slice(2))
    if (coding !== '') weights.set(coding, weight >= 0 && weight <= 1 ? weight : 0)
  }
  return weights
}
