import type { Session } from '@keelson/contract'
import { ActionIcon } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useMatches, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import { isRefused } from '../api/call.ts'
import { overviewQuery, sessionQuery } from '../api/queries.ts'
import { LiveProvider, useFallbackInterval } from '../live/live-context.tsx'
import { Reauthentication } from '../reauthenticate/reauthentication.tsx'
import { Icon } from '../ui/icon.tsx'
import { ClosedPage, NoRole } from './closed-page.tsx'
import { FactorNeeded } from './factor-needed.tsx'
import { LiveBadge } from './live-badge.tsx'
import { Navigation } from './navigation.tsx'
import { hasNoRole, isClosed, needsOf } from './pages.ts'
import { ThemeSwitch } from './theme-switch.tsx'
import './shell.css'

/** At this pace it is looked whether what keeps the pages closed is over. */
const rereadMs = 10_000

/**
 * What stands around every page but the sign-in. Nothing is read before the session is: what it does not
 * permit would be refused, and each refusal is a row of the audit.
 */
export const Shell = () => {
  const session = useQuery({
    ...sessionQuery,
    refetchInterval: ({ state: { data, status } }) =>
      status === 'error' || isLimited(data) ? rereadMs : false,
  })
  useReopening(session.data)
  const mayWatch = session.data !== undefined && !isClosed(session.data, needsOf('/'))
  return (
    <LiveProvider>
      <Frame topbar={mayWatch ? <Watch /> : <div className="topbar-verdict" />}>
        {!session.isPending && <Content session={session.data} />}
      </Frame>
    </LiveProvider>
  )
}

/** Until there is a role, and the second factor that it may ask for, only one's account is open. */
const isLimited = (session: Session | undefined): boolean =>
  session !== undefined && (session.factorNeeded || hasNoRole(session))

/** The page, or why it is closed. One element for both, so that what is open on a page stays. */
const Content = ({ session }: { session: Session | undefined }) => {
  // What the outlet shows, which lags behind the address while the next page loads.
  const pathname = useMatches({ select: (matches) => matches.at(-1)?.pathname ?? '/' })
  return closedBy(session, pathname) ?? <Outlet />
}

const alwaysOpen = /^\/(?:account|device)(?:\/|$)/

const closedBy = (session: Session | undefined, pathname: string): ReactNode => {
  if (session === undefined || alwaysOpen.test(pathname)) return null
  if (session.factorNeeded) return <FactorNeeded />
  if (hasNoRole(session)) return <NoRole />
  return isClosed(session, needsOf(pathname)) ? <ClosedPage /> : null
}

/** What was refused is asked again once the session permits something else. */
const useReopening = (session: Session | undefined) => {
  const cache = useQueryClient()
  const before = useRef(session)
  useEffect(() => {
    const had = before.current
    before.current = session
    if (had === undefined || session === undefined) return
    if (had.permissions === session.permissions && had.factorNeeded === session.factorNeeded) return
    void cache.resetQueries({ predicate: ({ state }) => isRefused(state.error) })
  }, [cache, session])
}

const Watch = () => (
  <>
    <Verdict />
    <LiveBadge />
  </>
)

const Frame = ({ topbar, children }: { topbar: ReactNode; children: ReactNode }) => {
  const { data: session } = useQuery(sessionQuery)
  const { locale = '', timeZone = '' } = session?.preferences ?? {}
  // Where they are chosen no time is shown, and what that page says of the choice stays.
  const isChoosing = useRouterState({ select: ({ location }) => location.pathname === '/account' })
  return (
    <>
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
            {topbar}
            <ThemeSwitch />
          </header>
          <main key={isChoosing ? 'account' : `${locale}${timeZone}`} id="main" tabIndex={-1}>
            {children}
          </main>
        </div>
      </div>
      <Reauthentication />
    </>
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
