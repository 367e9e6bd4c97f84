import { ActionIcon } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useRef } from 'react'
import { overviewQuery, sessionQuery } from '../api/queries.ts'
import { LiveProvider, useFallbackInterval } from '../live/live-context.tsx'
import { Icon } from '../ui/icon.tsx'
import { LiveBadge } from './live-badge.tsx'
import { Navigation } from './navigation.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import './shell.css'

/** What stands around every page but the sign-in. */
export const Shell = () => {
  const { data: session } = useQuery(sessionQuery)
  const { locale = '', timeZone = '' } = session?.preferences ?? {}
  return (
    <LiveProvider>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <div className="shell">
        <div className="sidebar">
          <Navigation />
        </div>
        <div className="shell-main">
          <header className="topbar">
            <Drawer />
            <Verdict />
            <LiveBadge />
            <ThemeSwitch />
          </header>
          <main key={`${locale}${timeZone}`} id="main" tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
    </LiveProvider>
  )
}

/** The verdict, on every page; a screen reader hears it when it changes and at no other time. */
const Verdict = () => {
  const { data } = useQuery({ ...overviewQuery, refetchInterval: useFallbackInterval() })
  const onOverview = useRouterState({ select: ({ location }) => location.pathname === '/' })
  return (
    <div className="topbar-verdict">
      {data !== undefined && !onOverview && (
        <Link to="/" className="quiet" aria-label={`Overview: ${data.verdict.sentence}`}>
          <span className={`toned is-${data.verdict.state}`}>
            <Icon name={data.verdict.state} size={15} />
          </span>
          <span className="topbar-sentence">{data.verdict.sentence}</span>
        </Link>
      )}
      <span className="sr-only" aria-live="polite">
        {data?.verdict.sentence}
      </span>
    </div>
  )
}

/** The navigation on a narrow screen: a dialog, so that focus stays inside while it is open. */
const Drawer = () => {
  const dialog = useRef<HTMLDialogElement>(null)
  return (
    <div className="drawer">
      <ActionIcon
        variant="subtle"
        color="gray"
        size={32}
        aria-label="Open the navigation"
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="menu" size={18} />
      </ActionIcon>
      <dialog ref={dialog} className="drawer-panel" aria-label="Navigation">
        <ActionIcon
          className="drawer-close"
          variant="subtle"
          color="gray"
          size={32}
          aria-label="Close the navigation"
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" size={18} />
        </ActionIcon>
        <Navigation onNavigate={() => dialog.current?.close()} />
      </dialog>
    </div>
  )
}
