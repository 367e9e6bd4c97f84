/**
 * What is sensitive takes a person who has just proved who they are. Calls that are refused for the
 * lack of it wait here until the dialog that asks for the proof has its answer.
 */

/** True once it is proved, false when the person would rather not. */
type Ask = () => Promise<boolean>

let ask: Ask | undefined
let underWay: Promise<boolean> | undefined

/** From now on `asking` shows the dialog; the answer takes it away again. */
export const onProofNeeded = (asking: Ask): (() => void) => {
  ask = asking
  return () => {
    if (ask === asking) ask = undefined
  }
}

/** Calls that are refused at the same time share one dialog. */
export const confirmItIsYou = (): Promise<boolean> => {
  if (ask === undefined) return Promise.resolve(false)
  underWay ??= ask().finally(() => {
    underWay = undefined
  })
  return underWay
}
