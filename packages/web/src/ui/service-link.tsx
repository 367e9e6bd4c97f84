import { Link } from '@tanstack/react-router'
import { splitServiceId } from '../api/service-id.ts'

type ServiceLinkProps = { id: string; from?: string | undefined; quiet?: boolean }

/** Name of a service, leading to its page; with its stack when `from` is another one. */
export const ServiceLink = ({ id, from, quiet = false }: ServiceLinkProps) => {
  const { stack, name } = splitServiceId(id)
  return (
    <Link
      to="/services/$stack/$name"
      params={{ stack, name }}
      className={quiet ? 'quiet break' : 'break'}
    >
      {from === undefined || from === stack ? name : id}
    </Link>
  )
}
