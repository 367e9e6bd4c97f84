import { lazy, Suspense, useEffect, useState } from 'react'
import { onProofNeeded } from '../api/fresh-proof.ts'
import { loadPart } from '../load-part.ts'

const ConfirmItIsYou = lazy(
  loadPart(() =>
    import('./confirm-it-is-you.tsx').then(({ ConfirmItIsYou }) => ({ default: ConfirmItIsYou })),
  ),
)

/** Asks who is there to prove it again when a call was refused for the lack of it. */
export const Reauthentication = () => {
  const [asked, setAsked] = useState<PromiseWithResolvers<boolean> | null>(null)
  useEffect(() => {
    let open: PromiseWithResolvers<boolean> | undefined
    const stop = onProofNeeded(() => {
      open = Promise.withResolvers<boolean>()
      setAsked(open)
      return open.promise
    })
    return () => {
      stop()
      open?.resolve(false)
    }
  }, [])
  if (asked === null) return null
  const answer = (isProved: boolean) => {
    asked.resolve(isProved)
    setAsked(null)
  }
  return (
    <Suspense fallback={null}>
      <ConfirmItIsYou onProved={() => answer(true)} onClose={() => answer(false)} />
    </Suspense>
  )
}
