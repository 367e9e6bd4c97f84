import type { Actor } from '../kernel/actor.ts'

/** As a sentence names them after `by`: people and programs have a name, the command line is a thing. */
export const byWhom = ({ kind, name }: Pick<Actor, 'kind' | 'name'>): string =>
  kind === 'local' ? `the ${name}` : name
