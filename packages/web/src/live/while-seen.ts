/** As much of the window and its document as is used. */
type Seen = {
  document: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>
  addEventListener: (type: 'pagehide' | 'pageshow', listener: () => void) => void
  removeEventListener: (type: 'pagehide' | 'pageshow', listener: () => void) => void
}

type Held = { start: () => void; stop: () => void }

/**
 * Starts what is held while the page is looked at and stops it while it is not. Over HTTP/1.1 a
 * browser has six connections to one place for all its tabs, and pages that were left are kept alive
 * for the way back: each of them holding a stream would leave none for the page on screen. Returns the
 * way to stop for good.
 */
export const whileSeen = (held: Held, page: Seen = window): (() => void) => {
  let isLeft = false
  const settle = () => (isLeft || page.document.hidden ? held.stop() : held.start())
  const onHide = () => {
    isLeft = true
    settle()
  }
  const onShow = () => {
    isLeft = false
    settle()
  }
  page.document.addEventListener('visibilitychange', settle)
  page.addEventListener('pagehide', onHide)
  page.addEventListener('pageshow', onShow)
  settle()
  return () => {
    page.document.removeEventListener('visibilitychange', settle)
    page.removeEventListener('pagehide', onHide)
    page.removeEventListener('pageshow', onShow)
    held.stop()
  }
}
