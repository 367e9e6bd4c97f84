import type { Permission } from '@keelson/contract'
import { permissions } from '@keelson/contract/permissions'
import { ProblemError } from '@keelson/sdk'
import { Button } from '@mantine/core'
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { call } from '../../api/call.ts'
import { Card } from '../../ui/card.tsx'
import { ErrorBox } from '../../ui/feedback.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import type { GrantsSearch } from '../grants/grants-search.ts'
import { NameField } from '../name-field.tsx'
import { ObjectField } from '../object-field.tsx'
import { permissionAreas } from '../permission-areas.ts'
import { accessKey } from '../queries.ts'
import { ExplainResult } from './explain-result.tsx'
import './explain-access.css'

type Question = Pick<GrantsSearch, 'who' | 'can' | 'on'>
type ExplainBoxProps = {
  /** The question that is asked already, kept in the address. */
  search: Question
  onAsk: (question: { [K in keyof Question]: Question[K] | undefined }) => void
}

type Form = { who: string; can: Permission; on: string }

const formOf = ({ who = '', can = 'services:read', on = '' }: Question): Form => ({ who, can, on })

const isSame = (one: Question, other: Question): boolean =>
  one.who === other.who && one.can === other.can && one.on === other.on

const explainQuery = ({ who = '', can = 'services:read', on }: Question) =>
  queryOptions({
    queryKey: [...accessKey, 'explain', who, can, on ?? ''],
    queryFn: ({ signal }) =>
      call('explainAccess', {
        query: { who, permission: can, ...(on === undefined ? {} : { object: on }) },
        signal,
      }),
    placeholderData: keepPreviousData,
  })

type Faults = { who?: string; on?: string; other?: Error }

/** What is wrong with the question is said at the field: nobody of this name, or what is no object. */
const faultsOf = (error: Error | null): Faults => {
  if (error === null) return {}
  if (!(error instanceof ProblemError)) return { other: error }
  const { status, detail, hint } = error.problem
  if (status === 404) return { who: `${detail}.` }
  return status === 400 ? { on: `${detail}. ${hint}` } : { other: error }
}

/** Can somebody do something on an object, and which grant says so? */
export const ExplainBox = ({ search, onAsk }: ExplainBoxProps) => {
  const [form, setForm] = useState(() => formOf(search))
  const [told, setTold] = useState(search)
  if (!isSame(told, search)) {
    // The address changed: a link, or the way back.
    setTold(search)
    setForm(formOf(search))
  }
  const { who, can, on } = form
  const isAsked = search.who !== undefined && search.can !== undefined
  const answer = useQuery({ ...explainQuery(search), enabled: isAsked })
  const faults = faultsOf(answer.error)
  const asking = useRef<HTMLFormElement>(null)
  useEffect(() => {
    // Who has just asked is led to what is wrong; who came by a link is left where they are.
    if (answer.error === null || !asking.current?.contains(document.activeElement)) return
    asking.current.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [answer.error])
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    const object = on.trim()
    const asked = { who: who.trim(), can, ...(object === '' ? {} : { on: object }) }
    // The same question again is one about the grants of now.
    if (isSame(asked, search)) void answer.refetch()
    else onAsk({ ...asked, on: asked.on })
  }
  return (
    <Card title="Who may do what, and why?">
      <form ref={asking} className="ask-access" onSubmit={onSubmit}>
        <NameField
          label="Can"
          hint="A user, service account or role."
          of={['user', 'service account', 'role']}
          fault={who.trim() === search.who ? faults.who : undefined}
          value={who}
          onChange={(who) => setForm({ ...form, who })}
        />
        <PermissionField value={can} onChange={(can) => setForm({ ...form, can })} />
        <ObjectField
          label="on"
          hint="The platform, if it stays empty."
          fault={on.trim() === search.on ? faults.on : undefined}
          value={on}
          onChange={(on) => setForm({ ...form, on })}
        />
        <Button type="submit" size="sm" disabled={who.trim() === ''} loading={answer.isFetching}>
          Explain
        </Button>
      </form>
      {faults.other !== undefined && <ErrorBox error={faults.other} />}
      {isAsked && answer.data !== undefined && <ExplainResult explanation={answer.data} />}
    </Card>
  )
}

type PermissionFieldProps = { value: Permission; onChange: (permission: Permission) => void }

const options = permissionAreas().map(({ name, permissions }) => ({
  group: name,
  items: permissions.map((value) => ({ value, label: value })),
}))

const PermissionField = ({ value, onChange }: PermissionFieldProps) => (
  <SelectField
    label="do"
    value={value}
    data={options}
    onChange={(text) => {
      const chosen = permissions.find((one) => one === text)
      if (chosen !== undefined) onChange(chosen)
    }}
  />
)
