import type { Role, SignInPolicy } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type SyntheticEvent } from 'react'
import { rolesQuery } from '../access/queries.ts'
import { call } from '../api/call.ts'
import { usePermission } from '../stack/permissions.ts'
import { Card } from '../ui/card.tsx'
import { Check } from '../ui/check.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { signInPolicyQuery } from './queries.ts'

/** Whose roles ask for a second factor. */
export const PolicyCard = () => {
  const policy = useQuery(signInPolicyQuery)
  const roles = useQuery(rolesQuery)
  const error = policy.error ?? roles.error
  return (
    <Card title="Second factor">
      {error !== null && <ErrorBox error={error} />}
      {error === null && (policy.isPending || roles.isPending) && <Loading rows={4} height={28} />}
      {policy.data !== undefined && roles.data !== undefined && (
        <PolicyForm policy={policy.data} roles={roles.data} />
      )}
    </Card>
  )
}

type PolicyFormProps = { policy: SignInPolicy; roles: readonly Role[] }

const PolicyForm = ({ policy: { factorRoles }, roles }: PolicyFormProps) => {
  const cache = useQueryClient()
  const mayWrite = usePermission('access:write')
  const [chosen, setChosen] = useState<readonly string[]>(factorRoles)
  const save = useMutation({
    mutationFn: () => call('putSignInPolicy', { body: { factorRoles: [...chosen] } }),
    onSuccess: (saved) => cache.setQueryData(signInPolicyQuery.queryKey, saved),
  })
  const isSame =
    chosen.length === factorRoles.length && chosen.every((one) => factorRoles.includes(one))
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form className="form policy" onSubmit={onSubmit}>
      <p className="muted">
        Whoever holds one of these roles, anywhere, needs an authenticator app or a passkey. Until
        there is one they can do nothing but add it.
      </p>
      <fieldset className="choices">
        <legend className="sr-only">Roles that ask for a second factor</legend>
        {roles.map(({ name, description }) => (
          <Check
            key={name}
            label={name}
            {...(description === '' ? {} : { hint: description })}
            checked={chosen.includes(name)}
            disabled={!mayWrite}
            onChange={(isAsked) =>
              setChosen(isAsked ? [...chosen, name] : chosen.filter((one) => one !== name))
            }
          />
        ))}
      </fieldset>
      {save.isError && <ErrorBox error={save.error} />}
      {mayWrite && (
        <Button type="submit" size="sm" disabled={isSame} loading={save.isPending}>
          Save
        </Button>
      )}
      <p className="muted" role="status">
        {save.isSuccess && isSame && 'Saved. It counts from the next request.'}
      </p>
    </form>
  )
}
