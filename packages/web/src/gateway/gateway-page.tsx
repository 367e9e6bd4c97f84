import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import './gateway.css'

const parts = [
  { to: '/gateway', text: 'Routes' },
  { to: '/gateway/upstreams', text: 'Upstreams' },
  { to: '/gateway/consumers', text: 'Consumers' },
  { to: '/gateway/cache', text: 'Cache' },
  { to: '/gateway/certificates', text: 'Certificates' },
  { to: '/gateway/configuration', text: 'Configuration' },
] as const

/** The gateway, a page for each of its sides. */
export const GatewayPage = () => {
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const list = useRef<HTMLUListElement>(null)
  // On a narrow screen the list scrolls, and the page that is shown may stand outside.
  useEffect(() => {
    const shown = list.current?.querySelector(`a[href="${path}"]`)
    shown?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [path])
  return (
    <div className="stack">
      <h1>Gateway</h1>
      <nav aria-label="Gateway">
        <ul ref={list} className="gw-parts">
          {parts.map(({ to, text }) => (
            <li key={to}>
              <Link to={to} activeOptions={{ exact: true, includeSearch: false }}>
                {text}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </div>
  )
}
