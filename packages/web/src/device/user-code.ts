const lettersMax = 8

/** As it is shown to people: `XXXX-XXXX`, however it was typed or pasted. */
export const userCodeOf = (typed: string): string => {
  const letters = typed
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .slice(0, lettersMax)
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters
}

/** Of the fragment of the address that a program opens; '' when there is none. */
export const userCodeOfHash = (hash: string): string => userCodeOf(hash.slice(1))
