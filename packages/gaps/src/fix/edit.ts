/** Keys from the top of a YAML file down to a value: `['services', 'web', 'healthcheck']`. */
export type Keys = readonly string[]

/** What is written into a YAML file. Maps and lists in their order. */
export type Written =
  | string
  | number
  | boolean
  | readonly Written[]
  | { readonly [key: string]: Written }

/**
 * What mends a finding, by its meaning; the text it makes of a file is found when it is applied.
 * `file` is a path in the repository.
 *
 * - `set`: the value under these keys of a YAML file; the parts of the way that are missing are made.
 *   A value that is there is replaced when both are scalars.
 * - `add`: an item at the end of a list of a YAML file
 * - `wait`: `depends_on` of a service waits until these are healthy; the list becomes the long form
 * - `remove`: a key of a YAML file with what is below it
 * - `loopback`: the published port that is written at this place
 * - `variable`: a line `NAME=` at the end of an env file, unless it has one
 * - `create`: a file that is not there, or holds nothing but comments
 * - `uncomment`: the comment on this line
 */
export type Edit =
  | { kind: 'set'; file: string; keys: Keys; value: Written }
  | { kind: 'add'; file: string; keys: Keys; value: Written }
  | { kind: 'wait'; file: string; service: string; targets: readonly string[] }
  | { kind: 'remove'; file: string; keys: Keys }
  | { kind: 'loopback'; file: string; line: number; column: number; service: string }
  | { kind: 'variable'; file: string; name: string }
  | { kind: 'create'; file: string; text: string }
  | { kind: 'uncomment'; file: string; line: number }

/** An edit that cannot be made without touching more than it should; the message says what stands in its way. */
export class EditRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EditRefused'
  }
}
