import { ActionIcon } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { useId } from 'react'
import { call } from '../api/call.ts'
import { overviewQuery, sessionQuery } from '../api/queries.ts'
import keelsonIcon from '../assets/keelson.svg'
import { Icon } from '../ui/icon.tsx'
import { hasNoRole, isClosed, needsOf, pages } from './pages.ts'

const useCurrent = (): string =>
  useRouterState({
    select: ({ location: { pathname, search } }) => {
      if (pathname === '/services' && (search as { view?: string }).view === 'map') return 'Map'
      if (pathname.startsWith('/services')) return 'Services'
      if (pathname.startsWith('/gateway')) return 'Gateway'
      if (pathname.startsWith('/gaps')) return 'Gaps'
      if (pathname.startsWith('/access')) return 'Access'
      return pages.find(({ to }) => to === pathname)?.text ?? ''
    },
  })

/** The pages, and who is signed in. */
export const Navigation = ({ onNavigate }: { onNavigate?: () => void }) => {
  const current = useCurrent()
  const { data: session } = useQuery(sessionQuery)
  const isOpen = session !== undefined && !session.factorNeeded && !hasNoRole(session)
  const shown = isOpen ? pages.filter(({ needs }) => !isClosed(session, needs)) : []
  const maySeeStacks =
    isOpen && !isClosed(session, needsOf('/')) && !isClosed(session, needsOf('/stacks'))
  return (
    <nav className="nav" aria-label="Keelson">
      <Link to="/" className="brand" aria-label="Keelson, to the overview" onClick={onNavigate}>
        <img src={keelsonIcon} width={24} height={24} alt="" />
        <span>Keelson</span>
      </Link>
      <ul>
        {shown.map(({ to, search, icon, text }) => (
          <li key={text}>
            <Link
              to={to}
              search={search ?? {}}
              className="nav-link"
              // The router marks both views of the services as current; one is.
              activeProps={{}}
              data-current={text === current || undefined}
              aria-current={text === current ? 'page' : undefined}
              onClick={onNavigate}
            >
              <Icon name={icon} />
              {text}
            </Link>
          </li>
        ))}
      </ul>
      {maySeeStacks && <StackLinks {...(onNavigate === undefined ? {} : { onNavigate })} />}
      <SignedIn {...(onNavigate === undefined ? {} : { onNavigate })} />
    </nav>
  )
}

/** More stacks than this are found through the overview. */
const stacksMax = 12

/** The stacks that run here, one click away from everywhere. */
const StackLinks = ({ onNavigate }: { onNavigate?: () => void }) => {
  const { data } = useQuery(overviewQuery)
  const id = useId()
  const stacks = data?.stacks.toSorted((a, b) => Number(a.builtIn) - Number(b.builtIn)) ?? []
  if (stacks.length === 0) return null
  return (
    <div className="nav-stacks">
      <p id={id}>Stacks</p>
      <ul aria-labelledby={id}>
        {stacks.slice(0, stacksMax).map(({ name }) => (
          <li key={name}>
            <Link
              to="/stacks/$stack"
              params={{ stack: name }}
              className="nav-link"
              activeProps={{ 'data-current': true }}
              activeOptions={{ includeSearch: false }}
              onClick={onNavigate}
            >
              <Icon name="stack" />
              <span className="nav-text">{name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}

const SignedIn = ({ onNavigate }: { onNavigate?: () => void }) => {
  const session = useQuery(sessionQuery)
  const cache = useQueryClient()
  const navigate = useNavigate()
  const signOut = useMutation({
    mutationFn: () => call('deleteSession'),
    onSuccess: async () => {
      await navigate({ to: '/sign-in', replace: true })
      cache.clear()
    },
  })
  if (session.data === undefined) return null
  return (
    <div className="signed-in">
      <Link
        to="/account"
        className="quiet"
        title={`Your account: ${session.data.actor}`}
        onClick={onNavigate}
      >
        {session.data.displayName}
      </Link>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={28}
        aria-label="Sign out"
        title="Sign out"
        loading={signOut.isPending}
        onClick={() => signOut.mutate()}
      >
        <Icon name="signOut" />
      </ActionIcon>
    </div>
  )
}
