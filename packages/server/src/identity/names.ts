/**
 * Names of people are compared by their key: compatibility forms, case and invisible characters make
 * no difference, nor do letters of other scripts that look like Latin ones. The table holds the
 * look-alikes of Unicode's confusables (UTS 39) among Cyrillic, Greek and Armenian lower case letters; a
 * name is shown as it was typed.
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

export const nameKey = (name: string): string =>
  Array.from(name.normalize('NFKC').toLowerCase().normalize('NFKD'))
    .filter((character) => !/[\p{M}\p{Cf}]/u.test(character))
    .map((character) => lookAlikes.get(character) ?? character)
    .join('')
