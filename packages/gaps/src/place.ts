/**
 * A place in the repository: `file` is relative to its root with `/` between names, `line` and
 * `column` are 1-based. Line 0 means the whole file (or that it is not there).
 */
export type Place = { file: string; line: number; column: number }

/** What is seen at a place, in a few words; the two sides of a finding are made of these. */
export type Fact = Place & { fact: string }

/** `likely`: read from something that says it indirectly, as a file nearby or a name. */
export type Confidence = 'certain' | 'likely'

export const factAt = ({ file, line, column }: Place, fact: string): Fact => ({
  ...{ file, line, column },
  fact,
})

export const wholeFile = (file: string): Place => ({ file, line: 0, column: 0 })
