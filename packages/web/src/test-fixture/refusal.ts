import type { Problem } from '@keelson/contract'

export type Told = Partial<Pick<Problem, 'title' | 'hint' | 'code' | 'errors'>>

/** The platform says no. */
export class Refusal extends Error {
  readonly status: number
  readonly told: Told
  constructor(status: number, message: string, told: Told = {}) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.told = told
  }
}
