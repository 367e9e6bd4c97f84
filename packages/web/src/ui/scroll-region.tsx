import type { ReactNode } from 'react'

type ScrollRegionProps = { label: string; className?: string; children: ReactNode }

/** Scrolls where the screen is too narrow; focusable, so that the arrow keys scroll it too. */
export const ScrollRegion = ({ label, className = '', children }: ScrollRegionProps) => (
  <section
    className={`table-scroll ${className}`}
    aria-label={label}
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- WCAG 2.1.1: what scrolls must be reached by keyboard
    tabIndex={0}
  >
    {children}
  </section>
)
