import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { usersQuery } from '../people/queries.ts'
import { serviceAccountsQuery } from '../service-accounts/queries.ts'
import { usePermission } from '../stack/permissions.ts'
import { SuggestField } from '../ui/suggest-field.tsx'
import { rolesQuery, teamsQuery } from './queries.ts'

type Kind = 'user' | 'service account' | 'team' | 'role'

type NameFieldProps = {
  label: string
  hint?: string
  /** As the body of the request calls it. */
  name?: string
  fault?: string | undefined
  /** Whose names are suggested. */
  of: readonly Kind[]
  value: string
  onChange: (name: string) => void
}

const typingMs = 200
const nameMax = 110

/** Somebody by name; who is there is suggested while one types. */
export const NameField = ({ of, ...given }: NameFieldProps) => (
  <SuggestField {...given} max={nameMax} suggestions={useNames(of, given.value)} />
)

const useNames = (of: readonly Kind[], typed: string): { about: Kind; name: string }[] => {
  const [words] = useDebouncedValue(typed, typingMs)
  const mayRead = usePermission('users:read')
  const wants = (kind: Kind) => mayRead && of.includes(kind)
  const users = useInfiniteQuery({ ...usersQuery(words), enabled: wants('user') })
  const accounts = useQuery({ ...serviceAccountsQuery, enabled: wants('service account') })
  const teams = useQuery({ ...teamsQuery, enabled: wants('team') })
  const roles = useQuery({ ...rolesQuery, enabled: wants('role') })
  const named = (about: Kind, found: readonly { name: string }[] = []) =>
    wants(about) ? found.map(({ name }) => ({ about, name })) : []
  return [
    ...named('user', users.data?.pages[0]?.items),
    ...named('service account', accounts.data),
    ...named('team', teams.data),
    ...named('role', roles.data),
  ]
}
