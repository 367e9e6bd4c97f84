import type { Warmed } from '../cache/index.ts'
import type { GatewayQuestion } from '../node-states.ts'
import type { Figures } from './figures.ts'
import type { Slot } from './slot.ts'

/** What the workers answer together. Throws when none of them is there. */
export const answerTogether = async (
  slots: readonly Slot[],
  figures: Figures,
  question: GatewayQuestion,
): Promise<unknown> => {
  switch (question.kind) {
    case 'states':
      return figures.states()
    case 'metrics':
      return figures.read.metrics()
    case 'explain':
      // All of them go by the same configuration.
      return (await askEach(slots.filter((slot) => slot.isServing()).slice(0, 1), question))[0]
    case 'purge': {
      const all = (await askEach(slots, question)) as { removed: number }[]
      return { removed: all.reduce((sum, { removed }) => sum + removed, 0) }
    }
    case 'warm': {
      // Each has a memory of its own: what is missing anywhere is missing.
      const all = (await askEach(slots, question)) as Warmed[]
      return all.reduce((worst, one) => (one.failed > worst.failed ? one : worst))
    }
  }
}

const askEach = async (slots: readonly Slot[], question: GatewayQuestion): Promise<unknown[]> => {
  const answers = await Promise.all(slots.map((slot) => slot.ask('answer', question)))
  const given = answers.filter((answer) => answer !== undefined)
  if (given.length === 0) throw new Error('No worker of this gateway serves at the moment')
  return given
}
