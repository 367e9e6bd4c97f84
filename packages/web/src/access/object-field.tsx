import { useQuery } from '@tanstack/react-query'
import { overviewQuery, servicesQuery } from '../api/queries.ts'
import { SuggestField } from '../ui/suggest-field.tsx'

type ObjectFieldProps = {
  label: string
  hint: string
  fault?: string | undefined
  value: string
  onChange: (object: string) => void
}

const objectMax = 300

/** An object by name; those that are seen here are suggested. */
export const ObjectField = (given: ObjectFieldProps) => {
  const overview = useQuery(overviewQuery)
  const services = useQuery(servicesQuery)
  const stacks = overview.data?.stacks.map(({ name }) => `stack:${name}`) ?? []
  const names = services.data?.map(({ id }) => `service:${id}`) ?? []
  return (
    <SuggestField
      {...given}
      max={objectMax}
      suggestions={['platform', 'gateway', ...stacks, ...names].map((name) => ({
        ...{ name, about: '' },
      }))}
    />
  )
}
