import type { Problem } from './generated/api.ts'

/** The platform said no: the problem it sent, or a stand-in when something else answered. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

export const problemOf = async (response: Response): Promise<Problem> => {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) {
    return (await response.json()) as Problem
  }
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    detail: `${response.url} answered ${response.status} and is not Keelson`,
    code: 'internal',
    hint: 'Check that the address is the one Keelson printed.',
  }
}
