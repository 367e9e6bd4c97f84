import { LRUCache } from 'lru-cache'

/**
 * Remembers what `decide` said of texts that clients send. Browsers send few different ones,
 * attackers many: what is kept has at most `maxCharacters`, and the oldest goes first.
 */
export const rememberVerdicts = <V extends object>(
  decide: (text: string) => V,
  maxCharacters: number,
): ((text: string) => V) => {
  const verdicts = new LRUCache<string, V>({
    maxSize: maxCharacters,
    sizeCalculation: (_, text) => text.length + 1,
  })
  return (text) => {
    const known = verdicts.get(text)
    if (known !== undefined) return known
    const verdict = decide(text)
    verdicts.set(text, verdict)
    return verdict
  }
}
