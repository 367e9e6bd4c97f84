import { AppError } from '../kernel/errors.ts'

/**
 * Names of people are compared by their key: compatibility forms, case and invisible characters make
 * no difference, nor do letters of other scripts that look like Latin ones. The tables hold the
 * look-alikes of Unicode's confusables (UTS 39) among Cyrillic, Greek and Armenian letters, and among
 * the capitals of Cherokee and Lisu; a name is shown as it was typed.
 */
const lookAlikes = new Map(
  Object.entries({
    ...{ а: 'a', ɑ: 'a', α: 'a', в: 'b', ь: 'b', с: 'c', ϲ: 'c', ԁ: 'd', е: 'e', ҽ: 'e', ε: 'e' },
    ...{ ɡ: 'g', һ: 'h', հ: 'h', і: 'i', ι: 'i', ı: 'i', ӏ: 'l', ј: 'j', к: 'k', κ: 'k', м: 'm' },
    ...{ н: 'h', ո: 'n', п: 'n', η: 'n', о: 'o', ο: 'o', օ: 'o', σ: 'o', р: 'p', ρ: 'p', ԛ: 'q' },
    ...{ г: 'r', ѕ: 's', т: 't', τ: 't', υ: 'u', ս: 'u', ц: 'u', ν: 'v', ѵ: 'v', ԝ: 'w', ω: 'w' },
    ...{ х: 'x', χ: 'x', у: 'y', γ: 'y', ү: 'y', з: '3' },
  }),
)

/** Capitals that look like another letter than their lower case does: Ν is no ν to whoever reads it. */
const lookAlikeCapitals = new Map(
  Object.entries({
    ...{ Β: 'b', Ζ: 'z', Η: 'h', Μ: 'm', Ν: 'n', Υ: 'y', Ϝ: 'f', Ϳ: 'j', Ϻ: 'm', Ԍ: 'g', Տ: 's' },
    ...{ Ꭺ: 'a', Ᏼ: 'b', Ꮯ: 'c', Ꭰ: 'd', Ꭼ: 'e', Ꮐ: 'g', Ꮋ: 'h', Ꭵ: 'i', Ꭻ: 'j', Ꮶ: 'k', Ꮮ: 'l' },
    ...{ Ꮇ: 'm', Ꮲ: 'p', Ꭱ: 'r', Ꮪ: 's', Ꭲ: 't', Ꮩ: 'v', Ꮃ: 'w', Ꮍ: 'y', Ꮓ: 'z' },
    ...{ ꓮ: 'a', ꓐ: 'b', ꓚ: 'c', ꓓ: 'd', ꓰ: 'e', ꓝ: 'f', ꓖ: 'g', ꓧ: 'h', ꓲ: 'i', ꓙ: 'j', ꓗ: 'k' },
    ...{ ꓡ: 'l', ꓟ: 'm', ꓠ: 'n', ꓳ: 'o', ꓑ: 'p', ꓣ: 'r', ꓢ: 's', ꓔ: 't', ꓴ: 'u', ꓦ: 'v', ꓪ: 'w' },
    ...{ ꓫ: 'x', ꓬ: 'y', ꓜ: 'z' },
  }),
)

const each = (text: string, table: ReadonlyMap<string, string>): string =>
  Array.from(text, (character) => table.get(character) ?? character).join('')

/** Accents, and whatever is shown as nothing: some of it counts as letters. */
const unseen = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

export const nameKey = (name: string): string =>
  each(
    each(name.normalize('NFKD'), lookAlikeCapitals)
      .toLowerCase()
      .normalize('NFKD')
      .replace(unseen, ''),
    lookAlikes,
  )

/** As the platform itself is called where it, or nobody in particular, has done something. */
const ownNames: ReadonlySet<string> = new Set(
  ['anonymous', 'keelson', 'local', 'system', 'unknown'].map(nameKey),
)

/** Those of people, accounts and teams: UUIDs (`newId`). Whoever is asked for by one is found by it first. */
const idShape = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

/** For the name of somebody or something new. Throws AppError `name_taken`, `bad_request`. */
export const refuseMisleading = (name: string): void => {
  if (/\p{Default_Ignorable_Code_Point}/u.test(name)) {
    throw new AppError('bad_request', { message: 'The name has characters that nobody sees' })
  }
  const key = nameKey(name)
  if (ownNames.has(key)) {
    throw new AppError('name_taken', { message: `${name} is what Keelson itself is called by` })
  }
  if (idShape.test(key)) {
    throw new AppError('name_taken', { message: `${name} looks like an id: choose a name` })
  }
}
