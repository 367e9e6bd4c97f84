/** What is wrong with a name that somebody or something is to have, before it is asked for. */

const principal = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u
const role = /^[a-z][a-z0-9-]*$/

/** Of a user, program or team. Undefined: nothing, also where nothing is typed yet. */
export const principalNameFault = (name: string): string | undefined =>
  name === '' || principal.test(name)
    ? undefined
    : 'A name begins with a letter or digit; behind it are letters, digits and . _ - only.'

export const roleNameFault = (name: string): string | undefined =>
  name === '' || role.test(name)
    ? undefined
    : 'The name of a role begins with a small letter, a to z; behind it are such letters, digits and - only.'
