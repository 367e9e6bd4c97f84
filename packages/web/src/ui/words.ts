import { useNavigate, useSearch } from '@tanstack/react-router'

/** Words that a list is searched by, kept in the address as `?q=`. */
export type WordsSearch = { q?: string }

/** As the API takes them. */
export const wordsMax = 100

export const validateWordsSearch = ({ q }: Record<string, unknown>): WordsSearch => {
  if (typeof q !== 'string' && typeof q !== 'number') return {}
  const words = String(q).slice(0, wordsMax)
  return words === '' ? {} : { q: words }
}

/** The words in the address of the page that is shown, and the way to others. */
export const useWords = (): [string, (words: string) => void] => {
  const { q = '' } = useSearch({ strict: false })
  const navigate = useNavigate()
  const find = (words: string) =>
    void navigate({
      to: '.',
      search: ({ q: _before, ...others }: WordsSearch) =>
        words === '' ? others : { ...others, q: words },
      replace: true,
      resetScroll: false,
    })
  return [q, find]
}
