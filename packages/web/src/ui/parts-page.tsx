import { Link, Outlet, useRouterState, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import './parts-page.css'

type Part = { to: NonNullable<LinkProps['to']>; text: string }

/** An area whose sides are pages of their own, each at its address. */
export const PartsPage = ({ title, parts }: { title: string; parts: readonly Part[] }) => (
  <div className="stack">
    <h1>{title}</h1>
    {parts.length > 0 && <PartsNav label={title} parts={parts} />}
    <Outlet />
  </div>
)

const PartsNav = ({ label, parts }: { label: string; parts: readonly Part[] }) => {
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const list = useRef<HTMLUListElement>(null)
  // The parts may come later than the page, with what the session permits.
  const at = parts.findLastIndex(({ to }) => path.startsWith(to))
  // On a narrow screen the list scrolls, and the page that is shown may stand outside.
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [at])
  /** The first of some areas has the address that those of the others begin with. */
  const isIndex = (part: Part) => parts.some(({ to }) => to.startsWith(`${part.to}/`))
  return (
    <nav aria-label={label} className="parts-nav">
      <ul ref={list}>
        {parts.map((part) => (
          <li key={part.to}>
            <Link to={part.to} activeOptions={{ exact: isIndex(part), includeSearch: false }}>
              {part.text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
