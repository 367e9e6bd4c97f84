/**
 * Where the focus goes when what has it goes away: a row that was deleted, a button that is off while it
 * waits. The browser gives it to the body, and who reads by ear or by keys would begin the page anew.
 */

/** What had the focus, and the regions and lists around it, nearest first. */
export type Focused = { element: HTMLElement; around: readonly HTMLElement[] }

const regions = ':is(section, form, fieldset, ul, main, [role=search])'

export const focusedAt = (element: EventTarget | null): Focused | null => {
  if (!(element instanceof HTMLElement) || element === document.body) return null
  const around: HTMLElement[] = []
  let region = element.parentElement?.closest<HTMLElement>(regions)
  while (region != null) {
    around.push(region)
    region = region.parentElement?.closest<HTMLElement>(regions)
  }
  return { element, around }
}

/** Focuses it again, or what is left around it. */
export const focusAgain = ({ element, around }: Focused): void => {
  const place = [element, ...around].find(({ isConnected }) => isConnected)
  if (place === undefined) return
  if (place !== element && !place.hasAttribute('tabindex')) place.tabIndex = -1
  place.focus({ preventScroll: true })
}

const isOff = (element: Element): boolean => element.isConnected && element.matches(':disabled')

/** For as long as the page is open. */
export const keepFocus = (): void => {
  let focused: Focused | null = null
  document.addEventListener('focusin', ({ target }) => {
    focused = focusedAt(target)
  })
  document.addEventListener('focusout', ({ target, relatedTarget }) => {
    // Once what takes it away is through: what is still there was left by a click beside it.
    queueMicrotask(() => {
      const isThere = target instanceof Element && target.isConnected && !isOff(target)
      if (relatedTarget === null && isThere && focused?.element === target) focused = null
    })
  })
  new MutationObserver(() => {
    if (focused === null || document.activeElement !== document.body) return
    if (!isOff(focused.element)) focusAgain(focused)
  }).observe(document.body, {
    ...{ subtree: true, childList: true, attributes: true, attributeFilter: ['disabled'] },
  })
}
