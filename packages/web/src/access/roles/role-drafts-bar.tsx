import type { Permission, Role } from '@keelson/contract'
import { Button } from '@mantine/core'
import { call } from '../../api/call.ts'
import { ErrorBox } from '../../ui/feedback.tsx'
import { countOf } from '../../ui/format.ts'
import { useAccessChange } from '../use-access-change.ts'
import { changesOf, type Drafts } from './role-drafts.ts'

type RoleDraftsProps = {
  roles: readonly Role[]
  drafts: Drafts
  onDrafts: (drafts: Drafts) => void
}

/** What was ticked and does not count yet, a line for each role. */
export const RoleDrafts = ({ roles, drafts, onDrafts }: RoleDraftsProps) => {
  const changed = roles.flatMap((role) => {
    const chosen = drafts.get(role.name)
    return chosen === undefined ? [] : [{ role, chosen }]
  })
  if (changed.length === 0) return null
  const drop = (name: string) => onDrafts(new Map([...drafts].filter(([each]) => each !== name)))
  return (
    <section className="role-drafts card" aria-label="Not saved yet">
      {changed.map(({ role, chosen }) => (
        <RoleDraft key={role.name} role={role} chosen={chosen} onDrop={() => drop(role.name)} />
      ))}
    </section>
  )
}

type RoleDraftProps = { role: Role; chosen: readonly Permission[]; onDrop: () => void }

const RoleDraft = ({ role, chosen, onDrop }: RoleDraftProps) => {
  const save = useAccessChange(
    () => call('putRole', { params: { role: role.name }, body: { permissions: [...chosen] } }),
    onDrop,
  )
  return (
    <>
      <div className="role-draft">
        <p>
          <strong className="break">{role.name}</strong>:{' '}
          {countOf(changesOf(role, chosen), 'change')}
          {role.grants > 0 && (
            <span className="muted"> for the holders of {countOf(role.grants, 'grant')}</span>
          )}
        </p>
        <Button size="xs" variant="default" onClick={onDrop}>
          Undo
        </Button>
        <Button size="xs" loading={save.isPending} onClick={() => save.mutate()}>
          Save {role.name}
        </Button>
      </div>
      {save.isError && <ErrorBox error={save.error} />}
    </>
  )
}
